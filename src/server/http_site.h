#pragma once

#include "http/route_table.h"
#include "net/entrance_rules.h"
#include "server/service.h"

#include <oklo/limits.h>

namespace oklo {

// HTTP at one address.
class HttpSite final : public Service {
 public:
  HttpSite(std::string address, std::unique_ptr<http::RouteTable> routes, const HttpLimits& limits);

  ListenAddress listen_address() const override;
  Reach reach() const override { return routes_->has_upgrades() ? Reach::rooms : Reach::none; }
  Result<void> open() override;
  void adopt(std::vector<int>& keep) override;
  std::unique_ptr<Port> make_port(const PortContext& context) override;
  std::unique_ptr<gate::WorkerPort> make_worker_port(const WorkerPortContext& context) override;

 private:
  std::unique_ptr<http::RouteTable> routes_;
  HttpLimits limits_;
  EntranceRules entrance_;
  http::RouteTable::OpenedFiles opened_;
};

}  // namespace oklo
