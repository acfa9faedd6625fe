#include <doctest/doctest.h>

#include <sched.h>
#include <signal.h>

#include <atomic>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "child.h"
#include "emulated.h"
#include "sanitized.h"
#include "shm/shared_table.h"
#include "stepped_child.h"

using oklo::SharedTable;

namespace sys = oklo::sys;

namespace {

// A row that tells whether it is whole: a number, and what follows from it.
struct Cells {
  uint64_t number;
  uint64_t inverse;
  char text[40];
  bool whole() const {
    Cells expected = of(number);
    return memcmp(this, &expected, sizeof expected) == 0;
  }
  static Cells of(uint64_t number) {
    Cells cells = {number, ~number, {}};
    size_t size = static_cast<size_t>(1 + number % sizeof cells.text);
    memset(cells.text, static_cast<int>('a' + number % 26), size);
    return cells;
  }
};

SharedTable make_table(uint32_t rows) { return SharedTable::create(rows, sizeof(Cells)).value(); }

Cells load(const char* bytes) {
  Cells cells;
  memcpy(&cells, bytes, sizeof cells);
  return cells;
}

// Sets the row; false when the table is full.
bool set(const SharedTable& table, const std::string& key, uint64_t number) {
  SharedTable::Change change(table, key);
  if (!change.found() && !change.insert()) return false;
  Cells cells = Cells::of(number);
  memcpy(change.bytes(), &cells, sizeof cells);
  change.commit();
  return true;
}

// Adds one; false when the table is full.
bool increment(const SharedTable& table, const std::string& key) {
  SharedTable::Change change(table, key);
  if (!change.found() && !change.insert()) return false;
  Cells cells = Cells::of(load(change.bytes()).number + 1);
  memcpy(change.bytes(), &cells, sizeof cells);
  change.commit();
  return true;
}

// The rows. Each must be whole; those that nobody takes out and puts in again meanwhile are there once.
std::map<std::string, uint64_t> all(const SharedTable& table, bool quiet = true) {
  std::map<std::string, uint64_t> rows;
  std::string key;
  Cells cells;
  for (uint32_t place = 0; place < table.rows(); place++) {
    if (!table.read(place, key, reinterpret_cast<char*>(&cells))) continue;
    CHECK(cells.whole());
    if (quiet) CHECK(rows.count(key) == 0);
    rows[key] = cells.number;
  }
  return rows;
}

// Nobody uses the table now: it is found by key what is found by place, and the rest of the rows is free.
void check_table(const SharedTable& table) {
  std::map<std::string, uint64_t> rows = all(table);
  for (const auto& [key, number] : rows) {
    Cells cells;
    REQUIRE(table.get(key, reinterpret_cast<char*>(&cells)));
    CHECK(cells.number == number);
  }
  CHECK(table.size() == rows.size());
  std::vector<std::string> added;
  for (uint32_t i = 0; set(table, "filler " + std::to_string(i), i); i++)
    added.push_back("filler " + std::to_string(i));
  CHECK(rows.size() + added.size() == table.rows());
  for (const std::string& key : added) CHECK(table.erase(key));
  CHECK(all(table) == rows);
}

// Counters in shared memory, one for each process.
struct Tally {
  sys::Memory memory = sys::Memory::allocate_shared(4096).value();
  std::atomic<uint32_t>& operator[](size_t i) const {
    return reinterpret_cast<std::atomic<uint32_t>*>(memory.data())[i];
  }
};

void await(const std::vector<pid_t>& children) {
  for (pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
}

uint32_t next(uint32_t& random) { return (random = random * 1664525 + 1013904223) >> 8; }

}  // namespace

TEST_CASE("shm/shared_table: processes that add to the same rows lose nothing") {
  constexpr uint32_t kProcesses = 4, kTimes = 20'000, kKeys = 7;
  SharedTable table = make_table(kKeys);
  std::vector<pid_t> children;
  for (uint32_t i = 0; i < kProcesses; i++) {
    pid_t pid = fork();
    if (pid > 0) children.push_back(pid);
    if (pid != 0) continue;
    uint32_t random = i;
    bool done = true;
    for (uint32_t times = 0; times < kTimes; times++)
      done &= increment(table, "counter " + std::to_string(next(random) % kKeys));
    _exit(done ? 0 : 1);
  }
  await(children);
  uint64_t sum = 0;
  for (const auto& [key, number] : all(table)) sum += number;
  CHECK(sum == kProcesses * kTimes);
  check_table(table);
}

// For ThreadSanitizer, which sees one process.
TEST_CASE("shm/shared_table: threads that use the same rows lose nothing") {
  constexpr uint32_t kThreads = 3, kTimes = 5000;
  SharedTable table = make_table(10);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; i++)
    threads.emplace_back([&table, i] {
      uint32_t random = i;
      for (uint32_t times = 0; times < kTimes; times++) {
        increment(table, "sum");
        std::string key = "key " + std::to_string(next(random) % 15);
        if (next(random) % 2) set(table, key, next(random));
        else table.erase(key);
        Cells cells;
        table.read(next(random) % 10, key, reinterpret_cast<char*>(&cells));
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(all(table).at("sum") == kThreads * kTimes);
  check_table(table);
}

TEST_CASE("shm/shared_table: rows come and go in many processes, and what stays is seen once in each walk") {
  constexpr uint32_t kStay = 30, kProcesses = 3;
  SharedTable table = make_table(100);
  for (uint32_t i = 0; i < kStay; i++) REQUIRE(set(table, "stays " + std::to_string(i), i));
  std::vector<pid_t> children;
  for (uint32_t i = 0; i < kProcesses; i++) {
    pid_t pid = fork();
    if (pid > 0) children.push_back(pid);
    if (pid != 0) continue;
    uint32_t random = i;
    for (int times = 0; times < 20'000; times++) {
      std::string key = "comes " + std::to_string(next(random) % 70);
      if (next(random) % 2) set(table, key, next(random));
      else table.erase(key);
    }
    _exit(0);
  }
  uint32_t random = 9;
  for (int walk = 0; walk < 500; walk++) {
    uint32_t changed = next(random) % kStay;
    REQUIRE(set(table, "stays " + std::to_string(changed), changed + 1000 * next(random) * kStay));
    std::map<std::string, uint32_t> seen;
    std::string key;
    Cells cells;
    for (uint32_t place = 0; place < table.rows(); place++)
      if (table.read(place, key, reinterpret_cast<char*>(&cells))) {
        REQUIRE(cells.whole());
        seen[key]++;
      }
    for (uint32_t i = 0; i < kStay; i++) REQUIRE(seen["stays " + std::to_string(i)] == 1);
  }
  await(children);
  check_table(table);
}

TEST_CASE("shm/shared_table: a death before any store leaves the old row or the new one") {
  if (emulated()) return;
  for (int what = 0; what < 4; what++) {
    CAPTURE(what);
    SharedTable table = make_table(2);
    const std::string key = what == 3 ? "absent" : "present";
    auto prepare = [&] {
      REQUIRE(set(table, "other", 1));
      if (what == 3) table.erase(key);
      else REQUIRE(set(table, key, 7));
    };
    prepare();
    std::set<std::string> seen;
    long steps = after_each_death(Step::store, [&] {
      if (what == 0) set(table, key, 8);
      if (what == 1) table.erase(key);
      if (what == 2) increment(table, key);
      if (what == 3) set(table, key, 8);
    }, [&] {
      Cells cells;
      bool there = table.get(key, reinterpret_cast<char*>(&cells));
      if (there) CHECK(cells.whole());
      seen.insert(there ? std::to_string(cells.number) : "-");
      check_table(table);
      CHECK(all(table).at("other") == 1);
      prepare();
    });
    if (!can_step()) continue;
    CHECK(steps > 10);
    std::set<std::string> expected = {what == 3 ? "-" : "7", what == 1 ? "-" : "8"};
    CHECK(seen == expected);
  }
}

TEST_CASE("shm/shared_table: processes are killed at any moment while they and others use the same rows") {
  if (emulated()) return;
  constexpr uint32_t kProcesses = 3, kRounds = kSanitized ? 30 : 300, kKeys = 24;
  SharedTable table = make_table(16);
  Tally steps, added;
  REQUIRE(set(table, "sum", 0));
  auto work = [&](uint32_t me, uint32_t random) {
    for (;; steps[me]++) {
      uint32_t dice = next(random);
      std::string key = "key " + std::to_string(next(random) % kKeys);
      if (dice % 8 == 0) {
        if (!increment(table, "sum")) _exit(1);
        added[me]++;
      } else if (dice % 8 < 4) {
        table.erase(key);
      } else if (dice % 8 < 7) {
        set(table, key, next(random));
      } else {
        Cells cells;
        if (table.get(key, reinterpret_cast<char*>(&cells)) && !cells.whole()) _exit(2);
      }
    }
  };
  pid_t children[kProcesses];
  uint32_t random = 4;
  auto start = [&](uint32_t i) {
    uint32_t seed = next(random);
    children[i] = fork();
    if (children[i] == 0) work(i, seed);
  };
  for (uint32_t i = 0; i < kProcesses; i++) start(i);
  for (uint32_t round = 0; round < kRounds; round++) {
    // It dies after some work, which ends anywhere in a step.
    uint32_t victim = next(random) % kProcesses, until = steps[victim] + next(random) % 50;
    while (static_cast<int32_t>(steps[victim] - until) <= 0) sched_yield();
    for (uint32_t i = next(random) % 3000; i > 0; i--) asm volatile("");
    kill(children[victim], SIGKILL);
    int status = 0;
    REQUIRE(waitpid(children[victim], &status, 0) == children[victim]);
    REQUIRE(WIFSIGNALED(status));
    CHECK(all(table, false).count("sum") == 1);
    start(victim);
  }
  for (pid_t pid : children) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  uint32_t sum = 0;
  for (uint32_t i = 0; i < kProcesses; i++) sum += added[i];
  // One that was killed may have added and not counted it.
  CHECK(all(table).at("sum") >= sum);
  CHECK(all(table).at("sum") <= sum + kRounds + kProcesses);
  for (uint32_t i = 0; i < kKeys; i++) table.contains("key " + std::to_string(i));  // Repairs every stripe.
  check_table(table);
}
