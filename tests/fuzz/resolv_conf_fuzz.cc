#include "codec/resolv_conf.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/assert.h"
#include "codec/dns_message.h"
#include "codec/hosts_file.h"
#include "codec/lines.h"

using namespace oklo::codec;

namespace {

// Each name finds the addresses of its lines, in their order, and no others.
void check_hosts(std::string_view text) {
  HostsFile hosts{std::string(text)};
  std::vector<std::pair<std::string_view, std::string_view>> known;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    line = line.substr(0, line.find('#'));
    std::string_view address = take_word(line);
    for (std::string_view name; !(name = take_word(line)).empty();) known.emplace_back(name, address);
  }
  for (const auto& [wanted, unused] : known) {
    std::vector<std::string_view> addresses;
    for (const auto& [name, address] : known)
      if (oklo::equal_ignoring_case(name, wanted)) addresses.push_back(address);
    OKLO_ASSERT(hosts.find(wanted) == addresses);
  }
  OKLO_ASSERT(hosts.find("").empty() && hosts.find("#").empty());
}

}  // namespace

// Whatever the file says, numbers and lists are bounded and the names to try are names. The same bytes
// are a hosts file, too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ResolvConf conf = parse_resolv_conf(text);
  OKLO_ASSERT(conf.servers.size() <= ResolvConf::kServersMax && conf.search.size() <= ResolvConf::kSearchMax);
  OKLO_ASSERT(conf.timeout_s >= 1 && conf.timeout_s <= ResolvConf::kTimeoutMax);
  OKLO_ASSERT(conf.attempts >= 1 && conf.attempts <= ResolvConf::kAttemptsMax);
  OKLO_ASSERT(conf.ndots <= ResolvConf::kNdotsMax);
  for (const char* wanted : {"a", "a.b", "a.b."}) {
    std::vector<std::string> names = names_to_try(conf, wanted);
    OKLO_ASSERT(!names.empty() && names.size() <= ResolvConf::kSearchMax + 1);
    for (const std::string& name : names) OKLO_ASSERT(!dns_name_fault(name));
  }
  check_hosts(text);
  return 0;
}
