#include "cli/lab_flags.h"

#include <algorithm>

#include "base/number.h"

namespace oklo::cli {

namespace {

constexpr uint64_t kLoadSecondsMax = 60;
constexpr uint64_t kLoadMsMin = 50;
constexpr uint64_t kLoadConnectionsMax = 20'000;
constexpr size_t kLoadsMax = 8;
constexpr uint64_t kRoundsMax = 99;

// Seconds with up to three digits behind a point.
bool set_load_time(Options& options, std::string_view value) {
  std::string_view whole = value.substr(0, value.find('.'));
  std::string thousandths(value.substr(std::min(value.size(), whole.size() + 1)));
  if (thousandths.size() > 3 || (thousandths.empty() && whole.size() != value.size())) return false;
  thousandths.resize(3, '0');
  std::optional<uint64_t> seconds = parse_decimal(whole), ms = parse_decimal(thousandths);
  if (!seconds || !ms || *seconds > kLoadSecondsMax) return false;
  options.lab.load_ms = static_cast<uint32_t>(*seconds * 1000 + *ms);
  return options.lab.load_ms >= kLoadMsMin && options.lab.load_ms <= kLoadSecondsMax * 1000;
}

bool set_rounds(Options& options, std::string_view value) {
  std::optional<uint64_t> rounds = parse_decimal(value);
  if (!rounds || *rounds == 0 || *rounds > kRoundsMax) return false;
  options.lab.rounds = static_cast<unsigned>(*rounds);
  return true;
}

bool set_loads(Options& options, std::string_view value) {
  options.lab.connections.clear();
  for (size_t at = 0; at <= value.size();) {
    size_t comma = std::min(value.find(',', at), value.size());
    std::optional<uint64_t> count = parse_decimal(value.substr(at, comma - at));
    if (!count || *count == 0 || *count > kLoadConnectionsMax) return false;
    options.lab.connections.push_back(static_cast<unsigned>(*count));
    at = comma + 1;
  }
  return options.lab.connections.size() <= kLoadsMax;
}

template <std::string LabOptions::*kMember>
bool set_file(Options& options, std::string_view value) {
  options.lab.*kMember = value;
  return !value.empty();
}

}  // namespace

const std::vector<Flag>& lab_flags() {
  static const std::vector<Flag> kFlags = {
      {"--seconds", "N", "how long each load takes, 0.05 to 60; 1 by default", kMeasures, set_load_time},
      {"--rounds", "N", "go through all loads so often, 99 times at most; of each the median counts",
       kMeasures, set_rounds},
      {"--connections", "LIST", "a load for each number, 20000 at most; 1,10,100,1000,10000 by default",
       kMeasures, set_loads},
      {"--svg", "FILE", "draw a picture of the models", kMeasures, set_file<&LabOptions::svg>},
      {"--html", "FILE", "write a page about all that was measured", kMeasures, set_file<&LabOptions::html>},
  };
  return kFlags;
}

}  // namespace oklo::cli
