#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "bench/plan.h"

namespace oklo::bench {

// Where a load goes, as a person writes it: http://HOST[:PORT][/PATH][?QUERY], ws:// the same, or
// tcp://HOST:PORT.
struct Target {
  Kind kind = Kind::http;
  std::string server;  // "127.0.0.1:80", with a port in any case
  std::string host;    // as Host has it
  std::string target;  // "/path?query"
};

// What is wrong with the URL, or nullptr.
const char* parse_target(std::string_view url, Target& out);

// Fills in what a plan has of its target. A name is looked up by the rules of this host, until a time of the
// monotonic clock in milliseconds; where it has several addresses, the first one that answers is taken.
Result<void> aim(Plan& plan, const Target& target, uint64_t until_ms);

}  // namespace oklo::bench
