#include "codec/network.h"

#include <string>
#include <vector>

#include "base/assert.h"
#include "codec/access_list.h"

using namespace oklo::codec;

namespace {

void check_ip(std::string_view text) {
  std::optional<Ip> ip = parse_ip(text);
  if (!ip) return;
  OKLO_ASSERT(parse_ip(ip->to_string()) == ip);
  OKLO_ASSERT(ip->to_string().size() <= 39);
}

void check_network(std::string_view text) {
  oklo::Result<Network> network = parse_network(text);
  if (!network) return;
  OKLO_ASSERT(*parse_network(network->to_string()) == *network);
  if (network->kind == Network::Kind::ip) OKLO_ASSERT(network->contains(network->ip.bytes.data()));
  OKLO_ASSERT(network->contains(nullptr) == (network->kind != Network::Kind::ip));
}

}  // namespace

// Takes the input as an address, as a network, and its lines as rules.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  check_ip(input);
  check_network(input);
  std::vector<std::string> rules;
  for (size_t at = 0; at <= input.size();) {
    size_t end = std::min(input.find('\n', at), input.size());
    rules.emplace_back(input.substr(at, end - at));
    at = end + 1;
  }
  oklo::Result<AccessList> list = AccessList::parse(rules);
  if (!list || !rules[0].ends_with("all")) return 0;
  bool allowed = rules[0].find("allow") != std::string::npos;  // It has everybody.
  OKLO_ASSERT(list->admits(nullptr) == allowed && list->admits(Ip{}.bytes.data()) == allowed);
  return 0;
}
