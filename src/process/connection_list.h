#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "process/connection_query.h"
#include "shm/connection_snapshot.h"
#include "shm/scoreboard.h"

// The open connections of all processes, from shared memory alone.
namespace oklo {

// Where connections stand: those of the configuration that serves, and of each one that leaves.
struct ConnectionSource {
  const Scoreboard& scoreboard;
  const ConnectionTable& table;
};
using ConnectionSources = std::vector<ConnectionSource>;

struct ListedConnection : ConnectionSnapshot {
  const Scoreboard* scoreboard = nullptr;  // of its owner
};

struct ConnectionList {
  std::vector<ListedConnection> shown;  // in the order that was asked for
  uint64_t left_off = 0;                // that meet the conditions, too
  uint32_t now_s = 0;                   // what their times are to be compared with
};
ConnectionList list_connections(const ConnectionSources& sources, const ConnectionQuery& query,
                                uint64_t now_ms);

// As JSON for programs, and as a table for people.
std::string connections_json(const ConnectionList& list);
std::string connections_table(const ConnectionList& list);

// Those that words ask for (parse_connection_query), as of now.
Result<std::string> tell_connections(const ConnectionSources& sources, std::string_view words, bool as_json);

// How `oklo top` shows a list: in 80 columns.
void add_top_connections(std::string& out, const ConnectionList& list);

}  // namespace oklo
