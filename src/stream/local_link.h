#pragma once

#include "net/connection.h"
#include "stream/link.h"
#include "stream/stream_service.h"
#include "stream/stream_session.h"

namespace oklo::stream {

// The Link to a stream that this process owns. Made on the stack for each call of a handler.
class LocalLink final : public Link {
 public:
  LocalLink(net::Connection& connection, StreamService& service)
      : connection_(connection), service_(service) {}

  ConnectionId id() const override { return connection_.id(); }
  bool send(std::string_view bytes) override;
  bool filled() const override { return service_.filled(connection_); }
  bool send_file(sys::Fd file, uint64_t offset, uint64_t size) override;
  void close(CloseReason reason) override;
  void abort() override;
  void shutdown_send() override;
  void pause() override;
  void resume() override;
  void bind(uint64_t) override {}
  ConnectionInfo info() const override;
  void* state() override { return service_.state_of(connection_); }

 private:
  StreamSession& session() const { return connection_.session<StreamSession>(); }

  net::Connection& connection_;
  StreamService& service_;
};

}  // namespace oklo::stream
