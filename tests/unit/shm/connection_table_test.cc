#include "shm/connection_table.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <set>
#include <vector>

#include "shm/connection_rows.h"

#include "child.h"

using oklo::ConnectionId;
using oklo::ConnectionRows;
using oklo::ConnectionTable;

namespace {

constexpr uint32_t kChunk = ConnectionTable::kChunkRows;

bool in_use(const ConnectionTable& table, ConnectionId id) {
  return table.row(id.row).generation.load() == id.generation;
}

}  // namespace

TEST_CASE("shm/connection_table: is rounded up to whole chunks") {
  CHECK(ConnectionTable::create(1)->size() == kChunk);
  CHECK(ConnectionTable::create(kChunk)->size() == kChunk);
  CHECK(ConnectionTable::create(kChunk + 1)->size() == 2 * kChunk);
}

TEST_CASE("shm/connection_table: a chunk has one owner until it is given back") {
  ConnectionTable table = ConnectionTable::create(3 * kChunk).value();
  std::set<uint32_t> taken;
  for (uint32_t life = 0; life < 3; life++) taken.insert(table.take_chunk(life).value());
  CHECK(taken == std::set<uint32_t>{0, 1, 2});
  CHECK(!table.take_chunk(3));
  table.return_chunk(1);
  CHECK(table.take_chunk(3) == 1u);
}

TEST_CASE("shm/connection_table: reclaim frees the rows of one life, and only those") {
  ConnectionTable table = ConnectionTable::create(4 * kChunk).value();
  ConnectionRows lives[] = {{table, 0}, {table, 7}};
  std::vector<ConnectionId> ids[2];
  for (uint32_t i = 0; i < 2 * kChunk; i++)
    for (int life : {0, 1}) ids[life].push_back(lives[life].open());
  CHECK(ConnectionRows(table, 2).open().generation == 0);
  lives[1].close(ids[1].back());
  ids[1].pop_back();
  CHECK(table.reclaim(7) == 2 * kChunk - 1);
  CHECK(table.reclaim(7) == 0);
  for (ConnectionId id : ids[1]) CHECK(!in_use(table, id));
  for (ConnectionId id : ids[0]) CHECK(in_use(table, id));
  ConnectionRows next(table, 2);
  for (uint32_t i = 0; i < 2 * kChunk; i++) CHECK(next.open().generation != 0);
  CHECK(next.open().generation == 0);
}

TEST_CASE("shm/connection_table: what a killed process held is reclaimed") {
  ConnectionTable table = ConnectionTable::create(2 * kChunk).value();
  ConnectionRows mine(table, 1);
  ConnectionId kept = mine.open();
  int ended = in_child([&] {
    ConnectionRows rows(table, 2);
    for (uint32_t i = 0; i < kChunk - 10; i++) rows.open();
    raise(SIGKILL);
    return 0;
  });
  REQUIRE(ended == 1000 + SIGKILL);
  ConnectionRows third(table, 3);
  CHECK(third.open().generation == 0);
  CHECK(table.reclaim(2) == kChunk - 10);
  CHECK(third.open().generation != 0);
  CHECK(in_use(table, kept));
}

TEST_CASE("shm/connection_table: two processes never hold one row") {
  // Each child opens and closes at random and marks what it holds as its own; what it finds changed while
  // it held it was held by another too.
  ConnectionTable table = ConnectionTable::create(6 * kChunk).value();
  std::vector<pid_t> children;
  for (uint32_t life = 0; life < 3; life++) {
    pid_t pid = fork();
    if (pid > 0) children.push_back(pid);
    if (pid != 0) continue;
    ConnectionRows rows(table, life);
    std::vector<ConnectionId> held;
    uint32_t random = life + 1;
    for (int step = 0; step < 100'000; step++) {
      random = random * 1664525 + 1013904223;
      // It grows and shrinks in turns, so that chunks come and go.
      bool opens = (random >> 16) % 8 < (step / 1000 % 2 ? 6u : 2u);
      if (opens) {
        ConnectionId id = rows.open();
        if (id.generation == 0) continue;
        if (rows.row(id).owner.load() != life || rows.row(id).requests != 0) _exit(1);
        rows.row(id).requests = id.generation ^ life << 28;
        held.push_back(id);
      } else if (!held.empty()) {
        std::swap(held[(random >> 8) % held.size()], held.back());
        ConnectionId id = held.back();
        if (!in_use(table, id) || rows.row(id).requests != (id.generation ^ life << 28)) _exit(2);
        rows.close(id);
        held.pop_back();
      }
    }
    _exit(0);
  }
  for (pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
}
