#include "codec/access_list.h"

#include "base/ascii.h"

namespace oklo::codec {

Result<AccessList> AccessList::parse(std::span<const std::string> rules) {
  AccessList list;
  for (const std::string& text : rules) {
    std::string_view rule = trim(text);
    size_t blank = rule.find_first_of(" \t");
    std::string_view word = rule.substr(0, blank);
    if (blank == rule.npos || (word != "allow" && word != "deny"))
      return Error{0, "bad rule \"" + text + "\": write allow or deny and a network"};
    Result<Network> network = parse_network(trim(rule.substr(blank)));
    if (!network) return network.error();
    list.rules_.push_back({word == "allow", *network});
  }
  return list;
}

bool AccessList::admits(const uint8_t* peer) const {
  for (const Rule& rule : rules_)
    if (rule.network.contains(peer)) return rule.allows;
  return rules_.empty() || !rules_.back().allows;
}

}  // namespace oklo::codec
