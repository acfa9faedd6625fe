#pragma once

#include "gate/stream_gate.h"
#include "net/entrance_rules.h"
#include "server/service.h"

#include <oklo/stream.h>

namespace oklo {

// A raw stream service at one address.
class StreamListener final : public Service {
 public:
  using Bond = gate::StreamGate::Bond;
  StreamListener(std::string address, StreamHandlers handlers, const StreamOptions& options,
                 Bond bond = Bond::none);

  ListenAddress listen_address() const override;
  Reach reach() const override { return Reach::by_id; }
  Result<void> open() override;
  void adopt(std::vector<int>&) override {}
  std::unique_ptr<Port> make_port(const PortContext& context) override;
  std::unique_ptr<gate::WorkerPort> make_worker_port(const WorkerPortContext& context) override;

 private:
  StreamHandlers handlers_;
  StreamOptions options_;
  EntranceRules entrance_;
  Bond bond_;
};

}  // namespace oklo
