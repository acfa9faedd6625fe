#include "shm/table_index.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "emulated.h"
#include "stepped_child.h"
#include "sys/memory.h"

using oklo::TableHold;
using oklo::TableIndex;

namespace sys = oklo::sys;

namespace {

struct Indexed {
  sys::Memory memory;
  TableIndex index;
  uint32_t rows;

  explicit Indexed(uint32_t count)
      : memory(sys::Memory::allocate_shared(static_cast<size_t>(TableIndex::bytes(count))).value()),
        index(memory.data(), count),
        rows(count) {
    index.init();
  }

  // Takes a row and links it under the hash; false when there is none.
  bool insert(uint64_t hash, uint32_t& row) const {
    TableIndex::Place place = index.place(hash);
    TableHold hold(index, place.stripe);
    if (!index.take(place, row)) return false;
    index.link(place, row);
    return true;
  }

  void erase(uint64_t hash, uint32_t row) const {
    TableIndex::Place place = index.place(hash);
    TableHold hold(index, place.stripe);
    TableIndex::Link* link = &index.first(place);
    while (link->load() != row + 1) link = &index.next(link->load() - 1);
    index.erase(place, *link);
  }

  std::vector<uint32_t> chain(uint64_t hash) const {
    TableIndex::Place place = index.place(hash);
    TableHold hold(index, place.stripe);
    std::vector<uint32_t> found;
    for (uint32_t at = index.first(place).load(); at != 0; at = index.next(at - 1).load())
      found.push_back(at - 1);
    return found;
  }

  uint32_t in_use() const {
    uint32_t sum = 0;
    for (uint32_t row = 0; row < rows; row++) sum += index.user(row) != 0;
    return sum;
  }
};

}  // namespace

TEST_CASE("shm/table_index: every row of the pool can be used, and none is used twice") {
  for (uint32_t rows : {1u, 2u, 3u, 63u, 64u, 65u, 1000u}) {
    CAPTURE(rows);
    Indexed table(rows);
    std::set<uint32_t> used;
    uint32_t row = 0;
    for (uint64_t hash = 0; hash < rows; hash++) {
      REQUIRE(table.insert(hash * 0x9e3779b97f4a7c15, row));
      REQUIRE(row < rows);
      used.insert(row);
      CHECK(table.index.size() == hash + 1);
    }
    CHECK(used.size() == rows);
    CHECK(!table.insert(5, row));
    table.erase(0, table.chain(0).back());
    CHECK(table.index.size() == rows - 1);
    CHECK(table.insert(7, row));
    CHECK(!table.insert(8, row));
    CHECK(table.in_use() == rows);
  }
}

TEST_CASE("shm/table_index: a chain holds the rows of its bucket, from wherever rows are taken out") {
  Indexed table(4);
  for (uint32_t gone = 0; gone < 4; gone++) {
    uint32_t rows[4];
    for (uint32_t& row : rows) REQUIRE(table.insert(8, row));
    CHECK(table.chain(8) == std::vector<uint32_t>{rows[3], rows[2], rows[1], rows[0]});
    CHECK(table.chain(9).empty());
    table.erase(8, rows[gone]);
    std::vector<uint32_t> left;
    for (uint32_t i = 4; i-- > 0;)
      if (i != gone) left.push_back(rows[i]);
    CHECK(table.chain(8) == left);
    for (uint32_t row : left) table.erase(8, row);
    CHECK(table.index.size() == 0);
    CHECK(table.in_use() == 0);
  }
}

TEST_CASE("shm/table_index: rows that come and go leave nothing behind in the chains") {
  Indexed table(100);
  std::vector<std::pair<uint64_t, uint32_t>> held;
  uint64_t random = 1;
  for (int i = 0; i < 200'000; i++) {
    random = random * 6364136223846793005 + 1442695040888963407;
    uint64_t hash = random >> 32;
    uint32_t row = 0;
    if (hash % 2 && table.insert(hash, row)) {
      held.emplace_back(hash, row);
    } else if (!held.empty()) {
      std::swap(held[static_cast<size_t>(hash) % held.size()], held.back());
      table.erase(held.back().first, held.back().second);
      held.pop_back();
    }
    REQUIRE(table.index.size() == held.size());
  }
  size_t links = 0;
  for (uint64_t bucket = 0; bucket < 128; bucket++) links += table.chain(bucket).size();
  CHECK(links == held.size());
  CHECK(table.in_use() == held.size());
}

TEST_CASE("shm/table_index: a row that was taken and given back is free") {
  Indexed table(1);
  TableIndex::Place place = table.index.place(3);
  uint32_t row = 9;
  for (int i = 0; i < 3; i++) {
    TableHold hold(table.index, place.stripe);
    REQUIRE(table.index.take(place, row));
    CHECK(row == 0);
    CHECK(!table.index.take(place, row));
    table.index.give_back(place, 0);
  }
  CHECK(table.insert(1, row));
}

TEST_CASE("shm/table_index: a death before any store loses no row and breaks no chain") {
  if (emulated()) return;
  // Rows 0 to 2 are linked in one chain. What the dying one does: insert, take and give back, erase from the
  // front, the middle and the end.
  for (int what = 0; what < 5; what++) {
    CAPTURE(what);
    Indexed table(5);
    uint32_t rows[3];
    for (uint32_t& row : rows) REQUIRE(table.insert(0, row));
    long steps = after_each_death(Step::store, [&] {
      uint32_t row = 0;
      TableIndex::Place place = table.index.place(0);
      if (what == 0) table.insert(0, row);
      if (what == 1) {
        TableHold hold(table.index, place.stripe);
        if (table.index.take(place, row)) table.index.give_back(place, row);
      }
      if (what >= 2) table.erase(0, rows[what - 2]);
    }, [&] {
      std::vector<uint32_t> chain = table.chain(0);
      std::set<uint32_t> found(chain.begin(), chain.end());
      CHECK(found.size() == chain.size());
      for (uint32_t i = 0; i < 3; i++)
        if (i + 2 != static_cast<uint32_t>(what)) CHECK(found.count(rows[i]) == 1);
      CHECK(table.index.size() == chain.size());
      CHECK(table.in_use() == chain.size());
      CHECK(chain.size() >= (what >= 2 ? 2 : 3));
      CHECK(chain.size() <= (what == 0 ? 4 : 3));
      // As it was: without what may have been inserted, with what may have been erased.
      for (uint32_t row : chain)
        if (row != rows[0] && row != rows[1] && row != rows[2]) table.erase(0, row);
      if (chain.size() == 2) REQUIRE(table.insert(0, rows[what - 2]));
    });
    if (can_step()) CHECK(steps > 10);
  }
}

TEST_CASE("shm/table_index: a repair leaves alone what another stripe has taken since the death") {
  if (emulated()) return;
  Indexed table(2);
  uint32_t row = 0, theirs = 0;
  REQUIRE(table.insert(0, row));
  after_each_death(Step::store, [&] { table.erase(0, row); }, [&] {
    std::vector<uint32_t> taken;
    while (table.insert(1, theirs)) taken.push_back(theirs);
    std::vector<uint32_t> kept = table.chain(0);  // This repairs stripe 0.
    for (uint32_t each : taken) CHECK(table.index.user(each) == 2);
    CHECK(table.chain(1).size() == taken.size());
    CHECK(table.index.size() == taken.size() + kept.size());
    CHECK(table.in_use() == taken.size() + kept.size());
    for (uint32_t each : taken) table.erase(1, each);
    if (kept.empty()) REQUIRE(table.insert(0, row));
  });
}

TEST_CASE("shm/table_index: a death in the middle of a repair is repaired too") {
  if (emulated()) return;
  Indexed table(2);
  uint32_t first = 0, row = 0;
  REQUIRE(table.insert(0, first));
  TableIndex::Place place = table.index.place(0);
  after_each_death(Step::store, [&] { TableHold hold(table.index, place.stripe); }, [&] {
    CHECK(table.chain(0) == std::vector<uint32_t>{first});
    CHECK(table.index.size() == 1);
    CHECK(table.in_use() == 1);
    // The next one comes to a stripe whose holder has just died with a row in its hands.
    pid_t pid = fork();
    if (pid == 0) {
      TableHold hold(table.index, place.stripe);
      if (!table.index.take(place, row)) _exit(1);
      raise(SIGKILL);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    CHECK(table.in_use() == 2);
  });
  CHECK(table.insert(0, row));
}
