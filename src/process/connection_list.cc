#include "process/connection_list.h"

#include <algorithm>
#include <cstring>

#include "base/json.h"
#include "base/number.h"
#include "process/slot_name.h"
#include "process/text_columns.h"
#include "sys/address.h"
#include "sys/time.h"

namespace oklo {

namespace {

// ---------------------------------------------------------------- of one connection

uint32_t seconds_since(uint32_t then_s, uint32_t now_s) { return now_s > then_s ? now_s - then_s : 0; }

// The second of which an owner knows may be one behind.
uint32_t idle_since(const ConnectionSnapshot& one) { return std::max(one.active_s, one.opened_s); }

// What stands in shared memory may be anything.
uint32_t slot_of(const ListedConnection& one) {
  const Scoreboard& scoreboard = *one.scoreboard;
  uint32_t slot = one.owner < scoreboard.size() ? scoreboard.life(one.owner).slot.load() : UINT32_MAX;
  return std::min(slot, scoreboard.slots() - 1);
}

std::string owner_of(const ListedConnection& one) {
  return slot_name(*one.scoreboard, slot_of(one));
}

std::string peer_of(const ConnectionSnapshot& one) {
  return one.has_ip ? sys::Address::from_ip(one.peer_ip, one.peer_port).to_string() : "unix";
}

bool is_v6(const ConnectionSnapshot& one) { return one.has_ip && !codec::Ip::is_v4_form(one.peer_ip); }

std::string name_of(const ConnectionSnapshot& one) {
  return decimal(one.id.row) + "." + decimal(one.id.generation);
}

// ---------------------------------------------------------------- which of them

bool is_of(const ListedConnection& one, Role role, uint64_t number) {
  uint32_t slot = slot_of(one);
  if (one.scoreboard->slot(slot).role != role) return false;
  return role == Role::worker ? slot + 1 == number : owner_of(one) == "gate " + decimal(number);
}

bool meets(const ListedConnection& one, const ConnectionQuery& query, uint32_t now_s) {
  if (query.kind && one.kind != *query.kind) return false;
  if (seconds_since(one.opened_s, now_s) < query.min_age_s) return false;
  if (seconds_since(idle_since(one), now_s) < query.min_idle_s) return false;
  if (one.bytes_in < query.min_in || one.bytes_out < query.min_out) return false;
  if (one.queued_bytes < query.min_queue) return false;
  if (query.worker && !is_of(one, Role::worker, *query.worker)) return false;
  if (query.thread && !is_of(one, Role::gate_thread, *query.thread)) return false;
  return !query.peer || query.peer->contains(one.has_ip ? one.peer_ip : nullptr);
}

// ---------------------------------------------------------------- in which order

// What stands first is the smaller. Of amounts the largest stands first, and who is oldest.
struct Before {
  ConnectionSort sort;

  bool operator()(const ListedConnection& a, const ListedConnection& b) const {
    int order = compare(a, b);
    return order ? order < 0 : a.id.row < b.id.row;
  }

 private:
  template <class T>
  static int by(T a, T b) {
    return a < b ? -1 : b < a;
  }
  static int by_peer(const ConnectionSnapshot& a, const ConnectionSnapshot& b) {
    int ips = std::memcmp(a.peer_ip, b.peer_ip, sizeof a.peer_ip);
    return ips ? ips : by(a.peer_port, b.peer_port);
  }
  int compare(const ListedConnection& a, const ListedConnection& b) const {
    switch (sort) {
      case ConnectionSort::age: return by(a.opened_s, b.opened_s);
      case ConnectionSort::idle: return by(idle_since(a), idle_since(b));
      case ConnectionSort::in: return by(b.bytes_in, a.bytes_in);
      case ConnectionSort::out: return by(b.bytes_out, a.bytes_out);
      case ConnectionSort::queue: return by(b.queued_bytes, a.queued_bytes);
      case ConnectionSort::requests: return by(b.requests, a.requests);
      case ConnectionSort::id: return 0;
      case ConnectionSort::kind: return by(kind_name(a.kind), kind_name(b.kind));
      case ConnectionSort::owner: return by(slot_of(a), slot_of(b));
      case ConnectionSort::peer: return by_peer(a, b);
    }
    return 0;
  }
};

// ---------------------------------------------------------------- as text

struct Line {
  const ListedConnection& of;
  uint32_t now_s;

  uint64_t age_s() const { return seconds_since(of.opened_s, now_s); }
  uint64_t idle_s() const { return seconds_since(idle_since(of), now_s); }
};

constexpr size_t kPeerColumn = 2;

std::vector<Column<Line>> columns_for(const ConnectionList& list) {
  std::vector<Column<Line>> columns = {
      {"id", 10, false, [](const Line& line) { return name_of(line.of); }},
      {"kind", 16, false, [](const Line& line) { return std::string(kind_name(line.of.kind)); }},
      {"peer", 21, false, [](const Line& line) { return peer_of(line.of); }},
      {"owner", 10, false, [](const Line& line) { return owner_of(line.of); }},
      {"age s", 7, true, [](const Line& line) { return decimal(line.age_s()); }},
      {"idle s", 7, true, [](const Line& line) { return decimal(line.idle_s()); }},
      {"requests", 8, true, [](const Line& line) { return decimal(line.of.requests); }},
      {"bytes in", 10, true, [](const Line& line) { return decimal(line.of.bytes_in); }},
      {"bytes out", 10, true, [](const Line& line) { return decimal(line.of.bytes_out); }},
      {"queue", 8, true, [](const Line& line) { return decimal(line.of.queued_bytes); }},
  };
  if (std::any_of(list.shown.begin(), list.shown.end(), is_v6)) columns[kPeerColumn].width = 47;
  return columns;
}

std::string connection_json(const Line& line) {
  JsonObject json;
  json.text("id", name_of(line.of)).text("kind", kind_name(line.of.kind)).text("peer", peer_of(line.of));
  json.text("owner", owner_of(line.of)).number("age_s", line.age_s()).number("idle_s", line.idle_s());
  json.number("requests", line.of.requests).number("bytes_in", line.of.bytes_in);
  return json.number("bytes_out", line.of.bytes_out).number("queue", line.of.queued_bytes).end();
}

}  // namespace

// When there are as many as may be shown, they become a heap, the worst of them on top, and any better one
// takes its place: so the master needs no more memory where there are a million.
ConnectionList list_connections(const ConnectionSources& sources, const ConnectionQuery& query,
                                uint64_t now_ms) {
  ConnectionList list;
  list.now_s = static_cast<uint32_t>(now_ms / 1000);
  Before before = {query.sort};
  std::vector<ListedConnection>& shown = list.shown;
  auto look_at = [&](const ListedConnection& one) {
    if (!meets(one, query, list.now_s)) return;
    if (shown.size() < query.limit) return shown.push_back(one);
    if (list.left_off++ == 0) std::make_heap(shown.begin(), shown.end(), before);
    if (!before(one, shown.front())) return;
    std::pop_heap(shown.begin(), shown.end(), before);
    shown.back() = one;
    std::push_heap(shown.begin(), shown.end(), before);
  };
  for (const ConnectionSource& source : sources)
    each_connection(source.table, [&](const ConnectionSnapshot& one) { look_at({one, &source.scoreboard}); });
  std::sort(shown.begin(), shown.end(), before);
  return list;
}

std::string connections_json(const ConnectionList& list) {
  std::vector<std::string> shown;
  for (const ListedConnection& one : list.shown) shown.push_back(connection_json({one, list.now_s}));
  JsonObject json;
  return json.json("connections", json_array(shown)).number("left_off", list.left_off).end() + "\n";
}

std::string connections_table(const ConnectionList& list) {
  std::string out;
  std::vector<Column<Line>> columns = columns_for(list);
  add_head<Line>(out, columns);
  for (const ListedConnection& one : list.shown) add_row<Line>(out, columns, {one, list.now_s});
  out += decimal(list.shown.size()) + " connections";
  if (list.left_off) out += ", and " + decimal(list.left_off) + " more that were left off";
  return out + "\n";
}

Result<std::string> tell_connections(const ConnectionSources& sources, std::string_view words,
                                     bool as_json) {
  Result<ConnectionQuery> query = parse_connection_query(words);
  if (!query) return query.error();
  ConnectionList list = list_connections(sources, *query, sys::monotonic_ms());
  return as_json ? connections_json(list) : connections_table(list);
}

void add_top_connections(std::string& out, const ConnectionList& list) {
  static constexpr Column<Line> kColumns[] = {
      {"peer", 21, false, [](const Line& line) { return peer_of(line.of).substr(0, 21); }},
      {"kind", 9, false, [](const Line& line) { return std::string(kind_name(line.of.kind).substr(0, 9)); }},
      {"owner", 9, false, [](const Line& line) { return owner_of(line.of).substr(0, 9); }},
      {"age s", 5, true, [](const Line& line) { return short_amount(line.age_s()); }},
      {"idle", 5, true, [](const Line& line) { return short_amount(line.idle_s()); }},
      {"in", 5, true, [](const Line& line) { return short_amount(line.of.bytes_in); }},
      {"out", 5, true, [](const Line& line) { return short_amount(line.of.bytes_out); }},
      {"queue", 5, true, [](const Line& line) { return short_amount(line.of.queued_bytes); }},
  };
  add_head<Line>(out, kColumns);
  for (const ListedConnection& one : list.shown)
    add_row<Line>(out, kColumns, {one, list.now_s});
}

}  // namespace oklo
