#include "codec/resolv_conf.h"

#include <cstdint>

#include "base/assert.h"
#include "codec/dns_message.h"
#include "codec/hosts_file.h"

using namespace oklo::codec;

// Whatever the file says, numbers and lists are bounded and the names to try are names. The same bytes as a
// hosts file find nothing that is empty.
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
  HostsFile hosts{std::string(text)};
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n"));
    rest.remove_prefix(word.size() == rest.size() ? word.size() : word.size() + 1);
    for (std::string_view address : hosts.find(word)) OKLO_ASSERT(!address.empty());
  }
  return 0;
}
