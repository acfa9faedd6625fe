#include "server/stream_listener.h"

#include <utility>

#include "net/acceptor.h"
#include "stream/stream_service.h"

namespace oklo {

namespace {

class StreamPort final : public Port {
 public:
  StreamPort(const StreamHandlers& handlers, const StreamOptions& options, const PortContext& context)
      : pool_(context.pool),
        service_(handlers, options, pool_.reactor(), pool_.life(), context.worker.slot),
        endpoint_(pool_.make_endpoint(service_)) {
    endpoint_.kind = ConnectionKind::stream;
    endpoint_.listener = context.index;
    endpoint_.write_stall_ms = options.write_stall_ms;
    endpoint_.queue_bytes_max = options.queue_bytes;
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return Acceptor::start(pool_, endpoint_, socket, false, shared);
  }
  void drain() override {}

 private:
  ConnectionPool& pool_;
  stream::StreamService service_;
  Endpoint endpoint_;
};

}  // namespace

StreamListener::StreamListener(std::string address, StreamHandlers handlers, const StreamOptions& options)
    : Service(std::move(address)), handlers_(std::move(handlers)), options_(options) {}

// The server may speak first, so nothing waits for the first bytes of the client.
ListenAddress StreamListener::listen_address() const {
  ListenAddress listen{address()};
  listen.nodelay = options_.nodelay;
  listen.keepalive_s = options_.keepalive_s;
  listen.backlog = options_.backlog;
  return listen;
}

Result<void> StreamListener::open() {
  const char* fault = stream::StreamService::fault(handlers_, options_);
  if (!fault) return {};
  return Error{0, "tcp " + address() + ": " + fault};
}

std::unique_ptr<Port> StreamListener::make_port(const PortContext& context) {
  return std::make_unique<StreamPort>(handlers_, options_, context);
}

}  // namespace oklo
