#include "base/slot_table.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "child.h"

using oklo::SlotTable;

namespace {

// Says how many of them there are, and where each was made.
struct Item {
  Item(uint32_t at, int the_value, int& the_count) : index(at), value(the_value), count(the_count) {
    count++;
    self = this;
  }
  ~Item() {
    CHECK(self == this);
    count--;
  }
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  uint32_t slot_index() const { return index; }

  uint32_t index;
  int value;
  int& count;
  Item* self;
};

struct alignas(64) Wide {
  explicit Wide(uint32_t at) : index(at) {}
  uint32_t slot_index() const { return index; }
  uint32_t index;
};

std::vector<int> values(SlotTable<Item>& table) {
  std::vector<int> all;
  table.for_each([&all](Item& item) { all.push_back(item.value); });
  return all;
}

}  // namespace

TEST_CASE("base/slot_table: what was inserted is there, at an address that stays") {
  int count = 0;
  SlotTable<Item> table;
  std::vector<Item*> items;
  for (int i = 0; i < 1000; i++) items.push_back(&table.insert(i, count));
  CHECK(table.size() == 1000);
  CHECK(count == 1000);
  std::set<uint32_t> indices;
  for (int i = 0; i < 1000; i++) {
    CHECK(items[static_cast<size_t>(i)]->value == i);
    CHECK(items[static_cast<size_t>(i)]->self == items[static_cast<size_t>(i)]);
    indices.insert(items[static_cast<size_t>(i)]->index);
  }
  CHECK(indices.size() == 1000);
  CHECK(*indices.rbegin() == 999);
}

TEST_CASE("base/slot_table: an index finds what is there, and nothing else") {
  int count = 0;
  SlotTable<Item> table;
  CHECK(table.find(0) == nullptr);
  Item& item = table.insert(1, count);
  CHECK(table.find(item.index) == &item);
  CHECK(table.find(item.index + 1) == nullptr);
  CHECK(table.find(64) == nullptr);
  table.erase(item);
  CHECK(table.find(0) == nullptr);
}

TEST_CASE("base/slot_table: an empty one") {
  SlotTable<Item> table;
  CHECK(table.size() == 0);
  CHECK(values(table).empty());
}

TEST_CASE("base/slot_table: places are used again, the last one first, and no other is touched") {
  int count = 0;
  SlotTable<Item> table;
  std::vector<Item*> items;
  for (int i = 0; i < 130; i++) items.push_back(&table.insert(i, count));
  for (size_t i : {5u, 64u, 129u}) table.erase(*items[i]);
  CHECK(table.size() == 127);
  CHECK(count == 127);
  for (size_t i : {129u, 64u, 5u}) CHECK(&table.insert(1000 + static_cast<int>(i), count) == items[i]);
  for (size_t i = 0; i < items.size(); i++) {
    bool replaced = i == 5 || i == 64 || i == 129;
    CHECK(items[i]->value == static_cast<int>(i) + (replaced ? 1000 : 0));
    CHECK(items[i]->index == i);
  }
}

TEST_CASE("base/slot_table: what was many and became few may become many again without new memory") {
  int count = 0;
  SlotTable<Item> table;
  std::set<Item*> places;
  std::vector<Item*> items;
  for (int i = 0; i < 640; i++) items.push_back(&table.insert(i, count));
  places.insert(items.begin(), items.end());
  for (Item* item : items) table.erase(*item);
  CHECK(table.size() == 0);
  CHECK(count == 0);
  CHECK(values(table).empty());
  for (int i = 0; i < 640; i++) CHECK(places.count(&table.insert(i, count)) == 1);
}

TEST_CASE("base/slot_table: for_each visits each that is there, once") {
  int count = 0;
  SlotTable<Item> table;
  std::vector<Item*> items;
  for (int i = 0; i < 200; i++) items.push_back(&table.insert(i, count));
  for (size_t i = 0; i < 200; i += 2) table.erase(*items[i]);
  std::vector<int> wanted;
  for (int i = 1; i < 200; i += 2) wanted.push_back(i);
  CHECK(values(table) == wanted);
}

TEST_CASE("base/slot_table: for_each may erase the one it is called for, all of them or some") {
  for (int keep_each : {0, 1, 3, 64}) {
    CAPTURE(keep_each);
    int count = 0;
    SlotTable<Item> table;
    for (int i = 0; i < 300; i++) table.insert(i, count);
    int visits = 0;
    table.for_each([&](Item& item) {
      visits++;
      if (keep_each == 0 || item.value % keep_each != 0) table.erase(item);
    });
    CHECK(visits == 300);
    CHECK(table.size() == (keep_each ? static_cast<size_t>((300 + keep_each - 1) / keep_each) : 0));
    CHECK(count == static_cast<int>(table.size()));
    for (int value : values(table)) CHECK(value % keep_each == 0);
  }
}

TEST_CASE("base/slot_table: it destroys what is left in it, and only that") {
  int count = 0;
  {
    SlotTable<Item> table;
    std::vector<Item*> items;
    for (int i = 0; i < 100; i++) items.push_back(&table.insert(i, count));
    for (size_t i = 0; i < 40; i++) table.erase(*items[i]);
    CHECK(count == 60);
  }
  CHECK(count == 0);
}

TEST_CASE("base/slot_table: alignment is kept") {
  SlotTable<Wide> table;
  for (int i = 0; i < 100; i++) CHECK(reinterpret_cast<uintptr_t>(&table.insert()) % 64 == 0);
}

TEST_CASE("base/slot_table: random inserts and erases agree with a plain set") {
  int count = 0;
  SlotTable<Item> table;
  std::vector<Item*> items;
  uint64_t random = 1;
  for (int i = 0; i < 20'000; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    bool grows = (i / 1000) % 2 == 0 ? random >> 61 != 0 : random >> 61 == 0;
    if (grows || items.empty()) {
      items.push_back(&table.insert(i, count));
    } else {
      size_t at = static_cast<size_t>(random >> 32) % items.size();
      table.erase(*items[at]);
      items[at] = items.back();
      items.pop_back();
    }
    REQUIRE(table.size() == items.size());
  }
  std::set<int> wanted;
  for (Item* item : items) wanted.insert(item->value);
  std::vector<int> found = values(table);
  CHECK(std::set<int>(found.begin(), found.end()) == wanted);
  CHECK(found.size() == items.size());
}

TEST_CASE("base/slot_table: to erase what is not there is a bug, and ends the process") {
  CHECK(in_child([] {
          close(STDERR_FILENO);
          signal(SIGABRT, SIG_DFL);
          SlotTable<Wide> table;
          Wide& item = table.insert();
          table.insert();
          table.erase(item);
          Wide gone(0);
          table.erase(gone);
          return 0;
        }) == 1000 + SIGABRT);
}
