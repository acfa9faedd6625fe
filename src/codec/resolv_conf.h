#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oklo::codec {

// What /etc/resolv.conf says, resolv.conf(5): whom to ask, and how. What is unknown there, or can't be, is
// passed over; numbers that are too large are the largest.
struct ResolvConf {
  static constexpr size_t kServersMax = 3;   // further ones are not asked
  static constexpr size_t kSearchMax = 16;   // further ones are not tried
  static constexpr unsigned kNdotsMax = 15;
  static constexpr unsigned kTimeoutMax = 30;
  static constexpr unsigned kAttemptsMax = 5;

  std::vector<std::string> servers;  // as they are written
  std::vector<std::string> search;   // without dots at their ends
  unsigned ndots = 1;                // a name with so many dots is tried as it is first
  unsigned timeout_s = 5;            // of one query to one server
  unsigned attempts = 2;             // how often each server is asked
  bool rotate = false;               // each query begins with another server
};

ResolvConf parse_resolv_conf(std::string_view text);

// The names to try one after the other for what somebody asked for, which may have a dot at its end.
std::vector<std::string> names_to_try(const ResolvConf& conf, std::string_view name);

}  // namespace oklo::codec
