#include "server/stream_listener.h"

#include <utility>

#include "gate/stream_worker.h"
#include "net/acceptor.h"
#include "net/doorkeeper.h"
#include "stream/stream_service.h"

namespace oklo {

namespace {

Endpoint stream_endpoint(ConnectionPool& pool, Protocol& protocol, const StreamOptions& options,
                         uint8_t listener) {
  Endpoint endpoint = pool.make_endpoint(protocol);
  endpoint.kind = ConnectionKind::stream;
  endpoint.listener = listener;
  endpoint.write_stall_ms = options.write_stall_ms;
  endpoint.queue_bytes_max = options.queue_bytes;
  return endpoint;
}

class StreamPort final : public Port {
 public:
  StreamPort(const StreamHandlers& handlers, const StreamOptions& options, const EntranceRules& entrance,
             const PortContext& context)
      : pool_(context.pool),
        service_(handlers, options, pool_.reactor(), pool_.life(), context.worker.slot),
        endpoint_(stream_endpoint(pool_, service_, options, context.index)),
        doorkeeper_(entrance, pool_, endpoint_, *context.worker.log) {}

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return Acceptor::start(pool_, doorkeeper_.endpoint(), socket, false, shared);
  }
  void drain() override {}

 private:
  ConnectionPool& pool_;
  stream::StreamService service_;
  Endpoint endpoint_;
  Doorkeeper doorkeeper_;
};

// The same in a reactor thread of the gate.
class StreamGatePort final : public Port {
 public:
  StreamGatePort(const StreamHandlers& handlers, const StreamOptions& options, gate::StreamGate::Bond bond,
                 const EntranceRules& entrance, const PortContext& context)
      : pool_(context.pool),
        gate_(handlers, options, pool_, context.gate->deliveries, *context.worker.states,
              context.worker.thread, bond),
        endpoint_(stream_endpoint(pool_, gate_.protocol(), options, context.index)),
        doorkeeper_(entrance, pool_, endpoint_, *context.worker.log) {
    context.gate->ports.push_back(&gate_);
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return Acceptor::start(pool_, doorkeeper_.endpoint(), socket, false, shared);
  }
  void drain() override {}

 private:
  ConnectionPool& pool_;
  gate::StreamGate gate_;
  Endpoint endpoint_;
  Doorkeeper doorkeeper_;
};

}  // namespace

StreamListener::StreamListener(std::string address, StreamHandlers handlers, const StreamOptions& options,
                               Bond bond)
    : Service(std::move(address)), handlers_(std::move(handlers)), options_(options), bond_(bond) {}

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
  if (fault) return Error{0, "tcp " + address() + ": " + fault};
  Result<EntranceRules> entrance = EntranceRules::read(options_.entrance);
  if (!entrance) return Error{0, "tcp " + address() + ": " + entrance.error().text};
  entrance_ = std::move(entrance).value();
  return {};
}

std::unique_ptr<Port> StreamListener::make_port(const PortContext& context) {
  if (context.gate) return std::make_unique<StreamGatePort>(handlers_, options_, bond_, entrance_, context);
  return std::make_unique<StreamPort>(handlers_, options_, entrance_, context);
}

std::unique_ptr<gate::WorkerPort> StreamListener::make_worker_port(const WorkerPortContext& context) {
  return std::make_unique<gate::StreamWorker>(handlers_, options_, context.worker, context.end);
}

}  // namespace oklo
