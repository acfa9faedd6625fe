#include "process/connection_query.h"

#include <algorithm>
#include <string>

#include "base/number.h"
#include "shm/connection_snapshot.h"

namespace oklo {

namespace {

constexpr std::string_view kSorts[] = {"age", "idle", "in",   "out",   "queue",
                                       "requests", "id", "kind", "owner", "peer"};

bool set_sort(ConnectionQuery& query, std::string_view value) {
  auto found = std::find(std::begin(kSorts), std::end(kSorts), value);
  if (found == std::end(kSorts)) return false;
  query.sort = static_cast<ConnectionSort>(found - std::begin(kSorts));
  return true;
}

bool set_kind(ConnectionQuery& query, std::string_view value) {
  for (size_t i = 1; i < kConnectionKinds; i++)
    if (kind_name(static_cast<ConnectionKind>(i)) == value) query.kind = static_cast<ConnectionKind>(i);
  return query.kind && kind_name(*query.kind) == value;
}

bool set_peer(ConnectionQuery& query, std::string_view value) {
  Result<codec::Network> network = codec::parse_network(value);
  if (network) query.peer = *network;
  return network.ok();
}

bool set_limit(ConnectionQuery& query, std::string_view value) {
  std::optional<uint64_t> number = parse_decimal(value);
  if (!number || *number == 0 || *number > ConnectionQuery::kLimitMax) return false;
  query.limit = static_cast<uint32_t>(*number);
  return true;
}

template <auto ConnectionQuery::*kMember>
bool set_number(ConnectionQuery& query, std::string_view value) {
  std::optional<uint64_t> number = parse_decimal(value);
  if (number) query.*kMember = *number;
  return number.has_value();
}

struct Key {
  std::string_view name;
  std::string_view takes;
  bool (*set)(ConnectionQuery& query, std::string_view value);
};

constexpr Key kKeys[] = {
    {"sort", "age, idle, in, out, queue, requests, id, kind, owner or peer", set_sort},
    {"limit", "1 to 10000", set_limit},
    {"kind", "http, stream, websocket, stream_client, http_client or websocket_client", set_kind},
    {"worker", "a number", set_number<&ConnectionQuery::worker>},
    {"thread", "a number", set_number<&ConnectionQuery::thread>},
    {"peer", "an address, a network as 10.0.0.0/8, all or unix", set_peer},
    {"min_age", "seconds", set_number<&ConnectionQuery::min_age_s>},
    {"min_idle", "seconds", set_number<&ConnectionQuery::min_idle_s>},
    {"min_in", "bytes", set_number<&ConnectionQuery::min_in>},
    {"min_out", "bytes", set_number<&ConnectionQuery::min_out>},
    {"min_queue", "bytes", set_number<&ConnectionQuery::min_queue>},
};

Result<void> set_word(ConnectionQuery& query, std::string_view word) {
  size_t equals = std::min(word.find('='), word.size());
  std::string_view name = word.substr(0, equals);
  std::string_view value = word.substr(std::min(equals + 1, word.size()));
  auto key = std::find_if(std::begin(kKeys), std::end(kKeys), [name](auto& one) { return one.name == name; });
  if (key == std::end(kKeys)) {
    std::string text = "unknown \"" + std::string(name) + "\"; known are";
    for (const Key& known : kKeys) text.append(" ").append(known.name);
    return Error{0, text};
  }
  if (key->set(query, value)) return {};
  return Error{0, "bad value \"" + std::string(value) + "\" for " + std::string(name) + ": it takes " +
                      std::string(key->takes)};
}

}  // namespace

Result<ConnectionQuery> parse_connection_query(std::string_view words) {
  ConnectionQuery query;
  while (!words.empty()) {
    size_t blank = std::min(words.find(' '), words.size());
    if (Result<void> set = set_word(query, words.substr(0, blank)); !set) return set.error();
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return query;
}

}  // namespace oklo
