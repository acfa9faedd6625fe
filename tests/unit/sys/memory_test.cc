#include "sys/memory.h"

#include <doctest/doctest.h>

#include <errno.h>

#include <cstdint>

#include "child.h"

using oklo::sys::Memory;

TEST_CASE("sys/memory: shared memory is one for parent and child, the other is not") {
  auto shared = Memory::allocate_shared(10'000);
  auto own = Memory::allocate(10'000);
  REQUIRE(shared.ok());
  REQUIRE(own.ok());
  CHECK(shared->size() == 10'000);
  CHECK(in_child([&] {
          shared->data()[9'999] = 'c';
          own->data()[9'999] = 'c';
          return shared->data()[0] + own->data()[0];
        }) == 0);
  CHECK(shared->data()[9'999] == 'c');
  CHECK(own->data()[9'999] == 0);
}

TEST_CASE("sys/memory: moves") {
  auto made = Memory::allocate(4096);
  REQUIRE(made.ok());
  char* data = made->data();
  Memory first(std::move(*made)), second;
  CHECK(made->data() == nullptr);
  CHECK(made->size() == 0);
  CHECK(second.data() == nullptr);
  second = std::move(first);
  CHECK(second.data() == data);
  CHECK(first.data() == nullptr);
  Memory& alias = second;
  second = std::move(alias);
  CHECK(second.data() == data);
  second = *Memory::allocate(8192);
  CHECK(second.size() == 8192);
}

TEST_CASE("sys/memory: too much is an error") {
  auto result = Memory::allocate_shared(SIZE_MAX - 65535);
  REQUIRE(!result.ok());
  CHECK(result.error().number == ENOMEM);
  CHECK(result.error().text.find("Cannot allocate memory") != std::string::npos);
}
