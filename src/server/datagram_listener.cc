#include "server/datagram_listener.h"

#include <utility>

#include "gate/packet_gate.h"
#include "gate/packet_worker.h"
#include "net/datagram_socket.h"
#include "stream/datagram_service.h"

namespace oklo {

namespace {

class DatagramPort final : public Port {
 public:
  DatagramPort(const DatagramHandlers& handlers, const DatagramOptions& options, const PortContext& context)
      : pool_(context.pool), service_(handlers, options, context.index, context.worker.slot) {}

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    auto intake = std::make_unique<DatagramSocket>(pool_.reactor(), pool_.life(), socket, service_.reader(),
                                                   service_);
    if (Result<void> started = intake->start(shared); !started) return started.error();
    return std::unique_ptr<Intake>(std::move(intake));
  }
  void drain() override {}

 private:
  ConnectionPool& pool_;
  stream::DatagramService service_;
};

// The same in a reactor thread of the gate.
class PacketGatePort final : public Port {
 public:
  PacketGatePort(const DatagramOptions& options, const PortContext& context)
      : gate_(options, context.pool.reactor(), context.pool.life(), context.gate->deliveries, context.index) {
    context.gate->ports.push_back(&gate_);
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return gate_.take_from(socket, shared);
  }
  void drain() override {}

 private:
  gate::PacketGate gate_;
};

}  // namespace

DatagramListener::DatagramListener(std::string address, DatagramHandlers handlers,
                                   const DatagramOptions& options)
    : Service(std::move(address)), handlers_(std::move(handlers)), options_(options) {}

ListenAddress DatagramListener::listen_address() const {
  ListenAddress listen{address()};
  listen.datagram = true;
  listen.receive_buffer_bytes = options_.receive_buffer_bytes;
  return listen;
}

Result<void> DatagramListener::open() {
  const char* fault = stream::DatagramService::fault(handlers_, options_);
  if (!fault) return {};
  return Error{0, "udp " + address() + ": " + fault};
}

std::unique_ptr<Port> DatagramListener::make_port(const PortContext& context) {
  if (context.gate) return std::make_unique<PacketGatePort>(options_, context);
  return std::make_unique<DatagramPort>(handlers_, options_, context);
}

std::unique_ptr<gate::WorkerPort> DatagramListener::make_worker_port(const WorkerPortContext& context) {
  return std::make_unique<gate::PacketWorker>(handlers_, context.worker, context.end);
}

}  // namespace oklo
