#include "server/datagram_listener.h"

#include <utility>

#include "gate/packet_gate.h"
#include "gate/packet_worker.h"
#include "net/datagram_socket.h"
#include "net/packet_doorkeeper.h"
#include "stream/datagram_service.h"

namespace oklo {

namespace {

class DatagramPort final : public Port {
 public:
  DatagramPort(const DatagramHandlers& handlers, const DatagramOptions& options,
               const codec::AccessList& access, const PortContext& context)
      : pool_(context.pool),
        service_(handlers, options, context.index, context.worker.slot),
        doorkeeper_(access, pool_, service_) {}

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    auto intake = std::make_unique<DatagramSocket>(pool_.reactor(), pool_.life(), socket, service_.reader(),
                                                   doorkeeper_.receiver());
    if (Result<void> started = intake->start(shared); !started) return started.error();
    return std::unique_ptr<Intake>(std::move(intake));
  }
  void drain() override {}

 private:
  ConnectionPool& pool_;
  stream::DatagramService service_;
  PacketDoorkeeper doorkeeper_;
};

// The same in a reactor thread of the gate.
class PacketGatePort final : public Port {
 public:
  PacketGatePort(const DatagramOptions& options, const codec::AccessList& access, const PortContext& context)
      : gate_(options, context.pool.reactor(), context.pool.life(), context.gate->deliveries, context.index),
        doorkeeper_(access, context.pool, gate_) {
    context.gate->ports.push_back(&gate_);
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return gate_.take_from(socket, shared, doorkeeper_.receiver());
  }
  void drain() override {}

 private:
  gate::PacketGate gate_;
  PacketDoorkeeper doorkeeper_;
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
  if (fault) return Error{0, "udp " + address() + ": " + fault};
  Result<codec::AccessList> access = codec::AccessList::parse(options_.access);
  if (!access) return Error{0, "udp " + address() + ": " + access.error().text};
  access_ = std::move(access).value();
  return {};
}

std::unique_ptr<Port> DatagramListener::make_port(const PortContext& context) {
  if (context.gate) return std::make_unique<PacketGatePort>(options_, access_, context);
  return std::make_unique<DatagramPort>(handlers_, options_, access_, context);
}

std::unique_ptr<gate::WorkerPort> DatagramListener::make_worker_port(const WorkerPortContext& context) {
  return std::make_unique<gate::PacketWorker>(handlers_, context.worker, context.end);
}

}  // namespace oklo
