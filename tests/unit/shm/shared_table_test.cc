#include "shm/shared_table.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "child.h"

using oklo::SharedTable;

namespace {

// Rows of one text each, padded with zeros.
constexpr uint32_t kBytes = 20;

bool set(const SharedTable& table, std::string_view key, const std::string& text) {
  SharedTable::Change change(table, key);
  if (!change.found() && !change.insert()) return false;
  std::string bytes = text;
  bytes.resize(table.row_bytes());
  memcpy(change.bytes(), bytes.data(), bytes.size());
  change.commit();
  return true;
}

// The row, or "-" when there is none.
std::string get(const SharedTable& table, std::string_view key) {
  std::string bytes(table.row_bytes(), '?');
  return table.get(key, bytes.data()) ? bytes.substr(0, bytes.find('\0')) : "-";
}

std::map<std::string, std::string> all(const SharedTable& table) {
  std::map<std::string, std::string> rows;
  std::string key, bytes(table.row_bytes(), '?');
  for (uint32_t place = 0; place < table.rows(); place++)
    if (table.read(place, key, bytes.data())) {
      CHECK(rows.count(key) == 0);
      rows[key] = bytes.substr(0, bytes.find('\0'));
    }
  return rows;
}

}  // namespace

TEST_CASE("shm/shared_table: what was set is there until it is erased") {
  SharedTable table = SharedTable::create(8, kBytes).value();
  CHECK(table.rows() == 8);
  CHECK(table.row_bytes() == kBytes);
  CHECK(get(table, "a") == "-");
  CHECK(!table.contains("a"));
  CHECK(!table.erase("a"));
  CHECK(set(table, "a", "one"));
  CHECK(set(table, "b", "two"));
  CHECK(get(table, "a") == "one");
  CHECK(get(table, "b") == "two");
  CHECK(table.contains("a"));
  CHECK(table.size() == 2);
  CHECK(set(table, "a", "three"));
  CHECK(get(table, "a") == "three");
  CHECK(table.size() == 2);
  CHECK(table.erase("a"));
  CHECK(!table.erase("a"));
  CHECK(get(table, "a") == "-");
  CHECK(get(table, "b") == "two");
  CHECK(table.size() == 1);
}

TEST_CASE("shm/shared_table: a key is any bytes up to 63") {
  SharedTable table = SharedTable::create(100, kBytes).value();
  std::set<std::string> keys = {std::string(1, '\0'), std::string(2, '\0'), "\xff\n"};
  for (size_t size = 0; size <= SharedTable::kKeyBytesMax; size++) keys.insert(std::string(size, 'k'));
  for (const std::string& key : keys) REQUIRE(set(table, key, "of " + std::to_string(key.size())));
  CHECK(table.size() == keys.size());
  for (const std::string& key : keys) CHECK(get(table, key) == "of " + std::to_string(key.size()));
  CHECK(!table.contains(std::string(64, 'k')));
  CHECK(!table.erase(std::string(64, 'k')));
  CHECK(get(table, std::string(1000, 'k')) == "-");
  CHECK(in_child([&] {
          signal(SIGABRT, SIG_DFL);
          close(STDERR_FILENO);
          SharedTable::Change change(table, std::string(64, 'k'));
          return 0;
        }) == 1000 + SIGABRT);
}

TEST_CASE("shm/shared_table: holds as many rows as it was made for") {
  for (uint32_t rows : {1u, 2u, 5u, 64u, 300u}) {
    SharedTable table = SharedTable::create(rows, kBytes).value();
    for (uint32_t i = 0; i < rows; i++) REQUIRE(set(table, std::to_string(i), "row"));
    CHECK(!set(table, "one more", "row"));
    CHECK(!table.contains("one more"));
    CHECK(set(table, "0", "changed"));
    CHECK(table.size() == rows);
    CHECK(table.erase(std::to_string(rows / 2)));
    CHECK(set(table, "one more", "row"));
    CHECK(!set(table, "and one", "row"));
  }
}

TEST_CASE("shm/shared_table: a change that is not committed has not happened") {
  SharedTable table = SharedTable::create(1, kBytes).value();
  {
    SharedTable::Change change(table, "a");
    CHECK(!change.found());
    REQUIRE(change.insert());
    memcpy(change.bytes(), "never", 5);
  }
  CHECK(table.size() == 0);
  CHECK(get(table, "a") == "-");
  REQUIRE(set(table, "b", "kept"));
  {
    SharedTable::Change change(table, "b");
    REQUIRE(change.found());
    CHECK(std::string(change.bytes()) == "kept");
    memcpy(change.bytes(), "never", 5);
  }
  CHECK(get(table, "b") == "kept");
  { SharedTable::Change change(table, "c"); }
  CHECK(table.size() == 1);
}

TEST_CASE("shm/shared_table: a new row is of zeros, also where another one stood") {
  SharedTable table = SharedTable::create(1, kBytes).value();
  for (int i = 0; i < 3; i++) {
    std::string key = "key" + std::to_string(i);
    {
      SharedTable::Change change(table, key);
      REQUIRE(change.insert());
      CHECK(std::string(change.bytes(), kBytes) == std::string(kBytes, '\0'));
      change.commit();
    }
    for (int copy = 0; copy < 2; copy++) REQUIRE(set(table, key, std::string(kBytes, 'x')));
    CHECK(table.erase(key));
  }
}

TEST_CASE("shm/shared_table: does what a map does") {
  constexpr uint32_t kRows = 50;
  for (uint32_t seed = 1; seed <= 4; seed++) {
    CAPTURE(seed);
    SharedTable table = SharedTable::create(kRows, kBytes).value();
    std::map<std::string, std::string> model;
    uint32_t random = seed;
    auto next = [&] { return (random = random * 1664525 + 1013904223) >> 8; };
    for (int step = 0; step < 50'000; step++) {
      std::string key = "key " + std::to_string(next() % 80), text = std::to_string(next());
      bool there = model.count(key) == 1;
      switch (next() % 4) {
        case 0:
          REQUIRE(table.erase(key) == there);
          model.erase(key);
          break;
        case 1:
          REQUIRE(get(table, key) == (there ? model[key] : "-"));
          REQUIRE(table.contains(key) == there);
          break;
        default:
          REQUIRE(set(table, key, text) == (there || model.size() < kRows));
          if (there || model.size() < kRows) model[key] = text;
      }
      REQUIRE(table.size() == model.size());
      if (step % 1000 == 0) REQUIRE(all(table) == model);
    }
    CHECK(all(table) == model);
  }
}

TEST_CASE("shm/shared_table: rows may hold numbers") {
  SharedTable table = SharedTable::create(3, 9).value();
  for (const char* key : {"a", "b", "c"}) {
    SharedTable::Change change(table, key);
    REQUIRE(change.insert());
    CHECK(reinterpret_cast<uintptr_t>(change.bytes()) % 8 == 0);
    change.commit();
  }
}

TEST_CASE("shm/shared_table: memory that is too much is an error") {
  auto table = SharedTable::create(SharedTable::kRowsMax, SharedTable::kRowBytesMax);
  REQUIRE(!table.ok());
  CHECK(table.error().number == ENOMEM);
}

TEST_CASE("shm/shared_table: rows that were never used cost no memory") {
  auto shared_pages = [] {
    unsigned long size = 0, resident = 0, shared = 0;
    FILE* file = fopen("/proc/self/statm", "r");
    REQUIRE(file);
    REQUIRE(fscanf(file, "%lu %lu %lu", &size, &resident, &shared) == 3);
    fclose(file);
    return shared;
  };
  unsigned long before = shared_pages();
  SharedTable table = SharedTable::create(100'000, 1000).value();
  REQUIRE(set(table, "a", "row"));
  CHECK(get(table, "a") == "row");
  CHECK(shared_pages() < before + 64);
}
