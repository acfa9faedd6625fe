#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/network.h"

namespace oklo::codec {

// Who may come in: rules in an order, of which the first whose network has the peer decides. Where none has
// it, the opposite of the last rule holds: so rules that only allow keep out all others, and rules that only
// deny let in all others. Without a rule all may come in.
class AccessList {
 public:
  // Each "allow NETWORK" or "deny NETWORK" (parse_network), with blanks between the two.
  static Result<AccessList> parse(std::span<const std::string> rules);

  // `peer` as in Network::contains.
  bool admits(const uint8_t* peer) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    bool allows;
    Network network;
  };

  std::vector<Rule> rules_;
};

}  // namespace oklo::codec
