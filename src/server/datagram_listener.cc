#include "server/datagram_listener.h"

#include <utility>

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
  return std::make_unique<DatagramPort>(handlers_, options_, context);
}

}  // namespace oklo
