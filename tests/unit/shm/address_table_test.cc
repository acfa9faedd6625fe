#include "shm/address_table.h"

#include <doctest/doctest.h>

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "codec/ip.h"
#include "sanitized.h"
#include "sys/memory.h"

using oklo::AddressLimits;
using oklo::AddressTable;
using Answer = AddressTable::Answer;

namespace {

constexpr uint32_t kLives = 5;
constexpr uint64_t kNow = 1'000'000'000;  // milliseconds

struct Table {
  explicit Table(const AddressLimits& limits) : table(AddressTable::create(limits, kLives).value()) {}

  static std::array<uint8_t, 16> ip(const std::string& text) { return oklo::codec::parse_ip(text)->bytes; }

  Answer begin(const std::string& peer, uint32_t& place, uint32_t life = 0, uint64_t now_ms = kNow) {
    return table.enter(ip(peer).data(), life, now_ms, place);
  }
  // Nobody leaves.
  Answer enter(const std::string& peer, uint32_t life = 0) {
    uint32_t place = 0;
    return begin(peer, place, life);
  }
  // How many connections it may begin.
  int room(const std::string& peer, uint32_t life = 0) {
    std::vector<uint32_t> places;
    uint32_t place = 0;
    while (places.size() < 100 && begin(peer, place, life) == Answer::yes) places.push_back(place);
    for (uint32_t one : places) table.leave(one, life);
    return static_cast<int>(places.size());
  }
  // Seconds to wait, 0: it was answered.
  uint32_t ask(const std::string& peer, uint64_t now_ms, uint32_t life = 0) {
    uint32_t wait_s = 0;
    Answer answer = table.ask(ip(peer).data(), life, now_ms, wait_s);
    CHECK((answer == Answer::no) == (wait_s > 0));
    return wait_s;
  }
  // How many requests in a row are answered.
  int answered(const std::string& peer, uint64_t now_ms, uint32_t life = 0) {
    int count = 0;
    while (ask(peer, now_ms, life) == 0) count++;
    return count;
  }

  AddressTable table;
};

std::string fault(const AddressLimits& limits) {
  auto made = AddressTable::create(limits, kLives);
  return made ? "" : made.error().text;
}

std::string address(unsigned number) {
  return "10.0." + std::to_string(number / 256) + "." + std::to_string(number % 256);
}

}  // namespace

TEST_CASE("shm/address_table: an address has so many connections at a time") {
  Table table({.connections = 2});
  uint32_t first = 0, second = 0, third = 0;
  CHECK(table.begin("192.0.2.1", first) == Answer::yes);
  CHECK(table.begin("192.0.2.1", second) == Answer::yes);
  CHECK(table.begin("192.0.2.1", third) == Answer::no);
  CHECK(third == 0);
  CHECK(table.room("192.0.2.2") == 2);
  table.table.leave(first, 0);
  CHECK(table.room("192.0.2.1") == 1);
  table.table.leave(second, 0);
  table.table.leave(third, 0);
  CHECK(table.room("192.0.2.1") == 2);
}

TEST_CASE("shm/address_table: all lives together have them, and those of a life that is gone are free") {
  Table table({.connections = 3});
  for (uint32_t life : {0u, 1u, 1u}) CHECK(table.enter("192.0.2.1", life) == Answer::yes);
  for (uint32_t life = 0; life < kLives; life++) CHECK(table.enter("192.0.2.1", life) == Answer::no);
  table.table.end_life(1);
  CHECK(table.room("192.0.2.1", 2) == 2);
  table.table.end_life(0);
  CHECK(table.room("192.0.2.1", 1) == 3);
}

TEST_CASE("shm/address_table: an IPv6 address counts with its /64 network") {
  Table table({.connections = 1});
  CHECK(table.enter("2001:db8::1") == Answer::yes);
  CHECK(table.enter("2001:db8::ffff:1") == Answer::no);
  CHECK(table.enter("2001:db8:0:1::1") == Answer::yes);
  CHECK(table.enter("::ffff:192.0.2.1") == Answer::yes);
  CHECK(table.enter("192.0.2.1") == Answer::no);
  CHECK(table.enter("192.0.2.2") == Answer::yes);
}

TEST_CASE("shm/address_table: who has no limits") {
  Table table({.connections = 1, .requests_s = 1, .except = {"127.0.0.0/8", "::1"}});
  CHECK(table.room("127.0.0.9") == 100);
  CHECK(table.room("::1") == 100);
  CHECK(table.room("::2") == 1);
  for (int i = 0; i < 10; i++) CHECK(table.ask("127.0.0.9", kNow) == 0);
  uint32_t place = 0, wait_s = 0;
  for (int i = 0; i < 10; i++) {
    CHECK(table.table.enter(nullptr, 0, kNow, place) == Answer::yes);
    CHECK(table.table.ask(nullptr, 0, kNow, wait_s) == Answer::yes);
  }
  CHECK(place == 0);
}

TEST_CASE("shm/address_table: so many requests at once, and so many in a second") {
  Table table({.requests_s = 10, .burst = 5});
  CHECK(!table.table.limits_connections());
  CHECK(table.answered("192.0.2.1", kNow) == 5);
  CHECK(table.answered("192.0.2.2", kNow) == 5);
  CHECK(table.ask("192.0.2.1", kNow + 99) == 1);
  CHECK(table.answered("192.0.2.1", kNow + 100, 1) == 1);
  CHECK(table.answered("192.0.2.1", kNow + 400, 2) == 3);
  CHECK(table.answered("192.0.2.1", kNow + 100'000) == 5);
  CHECK(table.table.limits_requests());
}

TEST_CASE("shm/address_table: without a burst of its own it is that of a second") {
  Table table({.requests_s = 3});
  CHECK(table.answered("192.0.2.1", kNow) == 3);
  CHECK(table.answered("192.0.2.1", kNow + 1000) == 3);
}

TEST_CASE("shm/address_table: how long to wait") {
  Table slow({.requests_s = 1, .burst = 1});
  CHECK(slow.answered("192.0.2.1", kNow) == 1);
  CHECK(slow.ask("192.0.2.1", kNow) == 1);
  CHECK(slow.ask("192.0.2.1", kNow + 999) == 1);
  CHECK(slow.ask("192.0.2.1", kNow + 1000) == 0);
}

TEST_CASE("shm/address_table: a process whose clock is behind gives nothing away") {
  Table table({.requests_s = 10, .burst = 5});
  CHECK(table.answered("192.0.2.1", kNow) == 5);
  for (uint64_t behind_ms : {1, 100, 5000}) CHECK(table.answered("192.0.2.1", kNow - behind_ms) == 0);
}

TEST_CASE("shm/address_table: an address is forgotten however long ago it was there") {
  for (uint32_t rate : {1u, 1000u, 1'000'000u}) {
    Table table({.requests_s = rate, .burst = 2});
    for (uint64_t later_ms : {0ull, 100'000ull, 3'600'000ull, 400 * 86'400'000ull})
      CHECK(table.answered("192.0.2.1", kNow + later_ms) == 2);
  }
}

TEST_CASE("shm/address_table: where there is no place for an address, it is let in") {
  Table table({.connections = 1, .addresses = 7});  // one bucket
  std::vector<uint32_t> places(7);
  for (unsigned i = 0; i < 7; i++) CHECK(table.begin(address(i), places[i]) == Answer::yes);
  for (unsigned i = 0; i < 7; i++) CHECK(table.enter(address(i)) == Answer::no);
  uint32_t place = 9;
  CHECK(table.begin(address(7), place) == Answer::unknown);
  CHECK(place == 0);
  table.table.leave(places[3], 0);
  CHECK(table.begin(address(7), place) == Answer::yes);
  CHECK(table.enter(address(7)) == Answer::no);
  CHECK(table.enter(address(3)) == Answer::unknown);
}

TEST_CASE("shm/address_table: an address whose bucket is full again gives its place away") {
  Table table({.requests_s = 1, .burst = 1, .addresses = 7});
  for (unsigned i = 0; i < 7; i++) CHECK(table.answered(address(i), kNow) == 1);
  uint32_t wait_s = 0;
  CHECK(table.table.ask(Table::ip(address(7)).data(), 0, kNow, wait_s) == Answer::unknown);
  CHECK(table.answered(address(7), kNow + 1000) == 1);
  int known = 0;
  for (unsigned i = 0; i < 7; i++)
    known += table.table.ask(Table::ip(address(i)).data(), 0, kNow + 1000, wait_s) == Answer::yes;
  CHECK(known == 6);
}

TEST_CASE("shm/address_table: many addresses") {
  Table table({.connections = 1, .addresses = 10'000});
  int known = 0;
  for (unsigned i = 0; i < 5000; i++) known += table.enter(address(i)) == Answer::yes;
  CHECK(known > 4900);
  int refused = 0;
  for (unsigned i = 0; i < 5000; i++) refused += table.enter(address(i)) == Answer::no;
  CHECK(refused >= known);
  table.table.end_life(0);
  for (unsigned i = 0; i < 5000; i++) REQUIRE(table.room(address(i)) <= 1);
}

TEST_CASE("shm/address_table: what is wrong is said") {
  CHECK(fault({.connections = 1, .addresses = 0}) == "per_address: addresses must be 1 to 1000000");
  CHECK(fault({.connections = 1, .addresses = 1'000'001}) == "per_address: addresses must be 1 to 1000000");
  CHECK(fault({.requests_s = 1'000'001}) == "per_address: requests_s must be at most 1000000");
  CHECK(fault({.requests_s = 1, .burst = 1'000'001}) == "per_address: burst must be at most 1000000");
  CHECK(fault({.connections = 1, .except = {"here"}}).starts_with("per_address: bad network \"here\""));
  CHECK(fault({.connections = 1, .addresses = 1'000'000}) == "");
}

// ---------------------------------------------------------------- processes that are killed

namespace {

// Connections begin and end all the time, of more addresses than there is room for.
[[noreturn]] void come_and_go(const Table& table, uint32_t life, std::atomic<uint32_t>& steps) {
  std::vector<uint32_t> places;
  uint32_t random = life * 7919 + 1;
  for (uint64_t now_ms = kNow;; now_ms++) {
    random = random * 1664525 + 1013904223;
    uint32_t place = 0, wait_s = 0;
    auto ip = Table::ip(address(random >> 28));
    table.table.enter(ip.data(), life, now_ms, place);
    table.table.ask(ip.data(), life, now_ms, wait_s);
    if (place) places.push_back(place);
    if (places.size() > 5) {
      table.table.leave(places.front(), life);
      places.erase(places.begin());
    }
    steps.fetch_add(1);
  }
}

}  // namespace

TEST_CASE("shm/address_table: of those that come at once as many get in as there is room for") {
  constexpr uint32_t kRounds = 2000;
  Table table({.connections = 2});
  CHECK(table.room("192.0.2.1") == 2);  // Its place is there from now on.
  oklo::sys::Memory memory = oklo::sys::Memory::allocate_shared(4096).value();
  auto* words = reinterpret_cast<std::atomic<uint32_t>*>(memory.data());
  std::atomic<uint32_t>&round = words[0], &done = words[1], &in = words[2];
  auto come = [&](uint32_t life) {
    for (uint32_t i = 1; i <= kRounds; i++) {
      for (int spins = 0; round.load() < 2 * i - 1; spins++)
        if (spins > 1000) sched_yield();
      uint32_t place = 0;
      if (table.begin("192.0.2.1", place, life) == Answer::yes) in.fetch_add(1);
      done.fetch_add(1);
      while (round.load() < 2 * i) sched_yield();
      table.table.leave(place, life);
      done.fetch_add(1);
    }
    _exit(0);
  };
  pid_t pids[kLives] = {};
  for (uint32_t life = 1; life < kLives; life++)
    if ((pids[life] = fork()) == 0) come(life);
  uint32_t wrong = 0;
  for (uint32_t i = 1; i <= kRounds; i++) {
    in = 0;
    for (uint32_t step : {2 * i - 1, 2 * i}) {
      done = 0;
      round = step;
      while (done.load() < kLives - 1) sched_yield();
    }
    wrong += in.load() != 2;
  }
  CHECK(wrong == 0);
  for (uint32_t life = 1; life < kLives; life++) waitpid(pids[life], nullptr, 0);
}

TEST_CASE("shm/address_table: the killed leave nothing behind") {
  Table table({.connections = 8, .requests_s = 1000, .addresses = 7});
  oklo::sys::Memory memory = oklo::sys::Memory::allocate_shared(4096).value();
  auto& steps = *reinterpret_cast<std::atomic<uint32_t>*>(memory.data());
  pid_t pids[kLives] = {};
  auto start = [&](uint32_t life) {
    pids[life] = fork();
    REQUIRE(pids[life] >= 0);
    if (pids[life] == 0) come_and_go(table, life, steps);
  };
  auto end = [&](uint32_t life) {
    kill(pids[life], SIGKILL);
    REQUIRE(waitpid(pids[life], nullptr, 0) == pids[life]);
    table.table.end_life(life);
  };
  for (uint32_t life = 1; life < kLives; life++) start(life);
  for (uint32_t round = 0; round < (kSanitized ? 40 : 200); round++) {
    uint32_t until = steps.load() + round % 37;
    while (static_cast<int32_t>(steps.load() - until) < 0) sched_yield();
    uint32_t life = 1 + round % (kLives - 1);
    end(life);
    start(life);
  }
  for (uint32_t life = 1; life < kLives; life++) end(life);
  for (unsigned i = 0; i < 16; i++) {
    uint32_t place = 0;
    CHECK(table.begin(address(i), place, 0, kNow + 3'600'000) == Answer::yes);
    table.table.leave(place, 0);
    CHECK(table.room(address(i)) == 8);
  }
}
