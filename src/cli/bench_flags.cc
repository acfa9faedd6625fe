#include "cli/bench_flags.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/host.h"
#include "codec/http_response.h"
#include "config/units.h"

namespace oklo::cli {

namespace {

constexpr uint64_t kTimeMaxMs = uint64_t{7} * 24 * 3600 * 1000;

template <auto bench::Plan::*kMember, uint64_t kMin, uint64_t kMax>
bool set_load(Options& options, std::string_view value) {
  std::optional<uint64_t> count = parse_decimal(value);
  if (!count || *count < kMin || *count > kMax) return false;
  options.bench.*kMember = static_cast<std::remove_reference_t<decltype(options.bench.*kMember)>>(*count);
  return true;
}

template <uint64_t bench::Plan::*kMember>
bool set_load_time(Options& options, std::string_view value) {
  std::optional<uint64_t> ms = config::parse_time(value);
  if (!ms || *ms == 0 || *ms > kTimeMaxMs) return false;
  options.bench.*kMember = *ms;
  return true;
}

bool set_message_bytes(Options& options, std::string_view value) {
  std::optional<uint64_t> bytes = config::parse_size(value);
  if (!bytes || *bytes == 0 || *bytes > bench::kMessageBytesMax) return false;
  options.bench.message_bytes = static_cast<size_t>(*bytes);
  return true;
}

// Those of which the load has its own, and those that promise a body.
bool is_own_field(std::string_view name) {
  for (std::string_view own : {"content-length", "transfer-encoding", "upgrade", "sec-websocket-key",
                               "sec-websocket-version", "sec-websocket-extensions"})
    if (equal_ignoring_case(name, own)) return true;
  return false;
}

bool add_field(Options& options, std::string_view line) {
  size_t colon = std::min(line.find(':'), line.size());
  std::string_view name = line.substr(0, colon), value = trim(line.substr(std::min(colon + 1, line.size())));
  if (colon == line.size() || !codec::valid_field(name, value) || is_own_field(name)) return false;
  if (equal_ignoring_case(name, "host")) {
    options.bench.host = value;
    return codec::valid_host_with_port(value) || codec::valid_host(value);
  }
  options.bench.fields.append(name).append(": ").append(value).append("\r\n");
  return true;
}

bool set_tally(Options& options, std::string_view value) {
  options.bench.tally_field = value;
  return !value.empty();
}

}  // namespace

std::vector<Flag> bench_flags() {
  return {
      {"--connections", "N", "how many are busy, 100000 at most; by default 64", kLoads,
       set_load<&bench::Plan::connections, 1, bench::kConnectionsMax>},
      {"--threads", "N", "how many make the load, 64 at most; by default 2", kLoads,
       set_load<&bench::Plan::threads, 1, bench::kThreadsMax>},
      {"--duration", "TIME", "for how long, by default 10s", kLoads,
       set_load_time<&bench::Plan::duration_ms>},
      {"--rate", "N", "requests a second of all, sent when they are due; without it, each after an answer",
       kLoads, set_load<&bench::Plan::rate, 1, bench::kRateMax>},
      {"--pipeline", "N", "how many requests may be under way on a connection, 1024 at most; by default 1",
       kLoads, set_load<&bench::Plan::pipeline, 1, bench::kPipelineMax>},
      {"--header", "FIELD", "a field of each request to http and ws, as 'Name: value'; may be repeated",
       kLoads, add_field},
      {"--message-bytes", "SIZE", "of each message to ws and tcp, 1M at most; by default 32", kLoads,
       set_message_bytes},
      {"--timeout", "TIME", "for a connection to be made, and for an answer, by default 10s", kLoads,
       set_load_time<&bench::Plan::timeout_ms>},
      {"--idle", "N", "connections that are silent, beside the busy ones", kLoads,
       set_load<&bench::Plan::idle_connections, 0, bench::kConnectionsMax>},
      {"--slow", "N", "connections that send a byte at a time, beside the busy ones", kLoads,
       set_load<&bench::Plan::slow_connections, 0, bench::kConnectionsMax>},
      {"--tally", "FIELD", "count the values that the first answers of connections have of it", kLoads,
       set_tally},
  };
}

}  // namespace oklo::cli
