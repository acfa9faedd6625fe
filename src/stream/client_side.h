#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/client_in_process.h"
#include "stream/stream_service.h"

#include <oklo/client.h>

namespace oklo::stream {

// What a StreamClient is in one process: makes connections, and serves them.
class ClientSide final : public ClientInProcess {
 public:
  // All of them outlive it.
  ClientSide(const StreamHandlers& handlers, const ClientOptions& options, Connector& connector);
  // A connection of it that is there, or is being made, is a bug.
  ~ClientSide();

  // `state` may be null.
  ConnectionId connect(std::string_view address, const void* state, size_t bytes,
                       StreamClient::OnFailed on_failed);
  bool close(ConnectionId id);
  std::vector<ConnectionId> ids() const { return ids_at(endpoint_); }

 private:
  struct Wish;  // what an attempt remembers

  void open(ConnectionId id, Connector::Connected connected, const Wish& wish);

  const ClientOptions& options_;
  LifeRow own_life_ = {};  // messages of clients are no requests that the worker has answered
  StreamService service_;
  Endpoint endpoint_;
  size_t being_made_ = 0;
};

}  // namespace oklo::stream
