#include "shm/connection_rows.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <vector>

#include "child.h"

using oklo::ConnectionId;
using oklo::ConnectionKind;
using oklo::ConnectionRow;
using oklo::ConnectionRows;
using oklo::ConnectionTable;

namespace {

constexpr uint32_t kChunk = ConnectionTable::kChunkRows;

std::vector<ConnectionId> open_many(ConnectionRows& rows, uint32_t count) {
  std::vector<ConnectionId> ids;
  for (uint32_t i = 0; i < count; i++) ids.push_back(rows.open());
  return ids;
}

}  // namespace

TEST_CASE("shm/connection_rows: a new row is zeroed and names its owner") {
  ConnectionTable table = ConnectionTable::create(kChunk).value();
  ConnectionRows rows(table, 5);
  ConnectionId id = rows.open();
  ConnectionRow& row = rows.row(id);
  CHECK(row.generation.load() == id.generation);
  CHECK(row.owner.load() == 5);
  row.kind = ConnectionKind::http;
  row.requests = row.queued_bytes = row.opened_s = row.active_s = row.slot = 9;
  row.bytes_in = row.bytes_out = 9;
  row.peer_port = 9;
  row.listener = 9;
  std::fill(std::begin(row.peer_ip), std::end(row.peer_ip), uint8_t{9});
  rows.close(id);
  ConnectionId again = rows.open();
  REQUIRE(again.row == id.row);
  CHECK(row.kind == ConnectionKind::none);
  CHECK(row.requests + row.queued_bytes + row.opened_s + row.active_s + row.slot == 0);
  CHECK(row.bytes_in + row.bytes_out == 0);
  CHECK(row.peer_port == 0);
  CHECK(row.listener == 0);
  CHECK(std::all_of(std::begin(row.peer_ip), std::end(row.peer_ip), [](uint8_t b) { return b == 0; }));
}

TEST_CASE("shm/connection_rows: the generation changes with each use of a row") {
  ConnectionTable table = ConnectionTable::create(kChunk).value();
  ConnectionRows rows(table, 0);
  ConnectionId first = rows.open();
  rows.close(first);
  CHECK(table.row(first.row).generation.load() != first.generation);
  ConnectionId second = rows.open();
  CHECK(second.row == first.row);
  CHECK(second != first);
}

TEST_CASE("shm/connection_rows: a full table gives no row, and one again when one is closed") {
  ConnectionTable table = ConnectionTable::create(2 * kChunk).value();
  ConnectionRows rows(table, 0);
  std::vector<ConnectionId> ids = open_many(rows, 2 * kChunk);
  std::vector<uint32_t> numbers;
  for (ConnectionId id : ids) numbers.push_back(id.row);
  std::sort(numbers.begin(), numbers.end());
  for (uint32_t i = 0; i < 2 * kChunk; i++) CHECK(numbers[i] == i);
  CHECK(rows.open() == ConnectionId{});
  rows.close(ids[70]);
  CHECK(rows.open().row == ids[70].row);
  CHECK(rows.open() == ConnectionId{});
}

TEST_CASE("shm/connection_rows: an empty chunk goes back for others when there is room elsewhere") {
  ConnectionTable table = ConnectionTable::create(2 * kChunk).value();
  ConnectionRows busy(table, 0), other(table, 1);
  std::vector<ConnectionId> ids = open_many(busy, 2 * kChunk);
  CHECK(other.open() == ConnectionId{});
  for (uint32_t i = 0; i < kChunk; i++) busy.close(ids[i]);
  CHECK(other.open() == ConnectionId{});  // What is left has no room: the empty chunk is kept.
  for (uint32_t i = kChunk; i < 2 * kChunk - 1; i++) busy.close(ids[i]);
  CHECK(other.open() == ConnectionId{});
  busy.close(ids[2 * kChunk - 1]);
  for (uint32_t i = 0; i < kChunk; i++) CHECK(other.open() != ConnectionId{});
  CHECK(other.open() == ConnectionId{});
  for (uint32_t i = 0; i < kChunk; i++) CHECK(busy.open() != ConnectionId{});
  CHECK(busy.open() == ConnectionId{});
}

TEST_CASE("shm/connection_rows: to close what is closed is a bug") {
  CHECK(in_child([] {
          signal(SIGABRT, SIG_DFL);
          close(STDERR_FILENO);
          ConnectionTable table = ConnectionTable::create(kChunk).value();
          ConnectionRows rows(table, 0);
          ConnectionId id = rows.open();
          rows.close(id);
          rows.close(id);
          return 0;
        }) == 1000 + SIGABRT);
}

TEST_CASE("shm/connection_rows: a life holds the ids of connections that are open here, and no others") {
  ConnectionTable table = ConnectionTable::create(2 * kChunk).value();
  ConnectionRows rows(table, 0), others(table, 1);
  CHECK_FALSE(rows.holds({0, 0}));
  ConnectionId id = rows.open(), other = others.open();
  CHECK(rows.holds(id));
  CHECK_FALSE(rows.holds(other));
  CHECK_FALSE(rows.holds({id.row, id.generation + 2}));
  CHECK_FALSE(rows.holds({table.size(), 1}));
  rows.close(id);
  CHECK_FALSE(rows.holds(id));
  CHECK_FALSE(rows.holds({id.row, id.generation + 1}));
}
