#pragma once

#include "codec/access_list.h"
#include "server/service.h"

#include <oklo/datagram.h>

namespace oklo {

// A service of datagrams at one address.
class DatagramListener final : public Service {
 public:
  DatagramListener(std::string address, DatagramHandlers handlers, const DatagramOptions& options);

  ListenAddress listen_address() const override;
  Result<void> open() override;
  void adopt(std::vector<int>&) override {}
  std::unique_ptr<Port> make_port(const PortContext& context) override;
  std::unique_ptr<gate::WorkerPort> make_worker_port(const WorkerPortContext& context) override;

 private:
  DatagramHandlers handlers_;
  DatagramOptions options_;
  codec::AccessList access_;
};

}  // namespace oklo
