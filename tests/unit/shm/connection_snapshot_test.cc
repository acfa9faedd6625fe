#include "shm/connection_snapshot.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "shm/connection_rows.h"

using namespace oklo;

namespace {

std::vector<ConnectionSnapshot> all_of(const ConnectionTable& table) {
  std::vector<ConnectionSnapshot> all;
  each_connection(table, [&all](const ConnectionSnapshot& one) { all.push_back(one); });
  return all;
}

ConnectionId open(ConnectionRows& rows, ConnectionKind kind) {
  ConnectionId id = rows.open();
  rows.row(id).kind = kind;
  return id;
}

}  // namespace

TEST_CASE("shm/connection_snapshot: what stands in the rows of open connections, of all owners") {
  ConnectionTable table = ConnectionTable::create(256).value();
  ConnectionRows one(table, 0), other(table, 5);
  ConnectionId first = open(one, ConnectionKind::http);
  ConnectionId second = open(other, ConnectionKind::websocket);
  ConnectionRow& row = other.row(second);
  row.peer_port = 1234;
  row.peer_ip[15] = 1;
  row.opened_s = 10;
  row.active_s = 20;
  row.requests = 3;
  row.queued_bytes = 4;
  row.bytes_in = 5;
  row.bytes_out = uint64_t{1} << 40;
  std::vector<ConnectionSnapshot> all = all_of(table);
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == first);
  CHECK(all[0].owner == 0);
  CHECK_FALSE(all[0].has_ip);
  CHECK(all[1].id == second);
  CHECK(all[1].owner == 5);
  CHECK(all[1].kind == ConnectionKind::websocket);
  CHECK(all[1].has_ip);
  CHECK(all[1].peer_ip[15] == 1);
  CHECK(all[1].peer_port == 1234);
  CHECK(all[1].opened_s == 10);
  CHECK(all[1].active_s == 20);
  CHECK(all[1].requests == 3);
  CHECK(all[1].queued_bytes == 4);
  CHECK(all[1].bytes_in == 5);
  CHECK(all[1].bytes_out == uint64_t{1} << 40);
}

TEST_CASE("shm/connection_snapshot: none of those that are closed, or are only being made") {
  ConnectionTable table = ConnectionTable::create(128).value();
  ConnectionRows rows(table, 1);
  CHECK(all_of(table).empty());
  ConnectionId closed = open(rows, ConnectionKind::http);
  ConnectionId reserved = open(rows, ConnectionKind::none);
  ConnectionId stays = open(rows, ConnectionKind::stream);
  rows.close(closed);
  std::vector<ConnectionSnapshot> all = all_of(table);
  REQUIRE(all.size() == 1);
  CHECK(all[0].id == stays);
  rows.close(reserved);
  rows.close(stays);
  CHECK(all_of(table).empty());
}

TEST_CASE("shm/connection_snapshot: each kind has a name of its own") {
  std::set<std::string> names;
  for (size_t i = 0; i < kConnectionKinds; i++) names.emplace(kind_name(static_cast<ConnectionKind>(i)));
  CHECK(names.size() == kConnectionKinds);
  CHECK(kind_name(ConnectionKind::websocket_client) == "websocket_client");
}
