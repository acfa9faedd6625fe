#include "shm/shared_value.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <array>

#include "child.h"
#include "stepped_child.h"
#include "sys/memory.h"

namespace sys = oklo::sys;

namespace {

using Value = std::array<uint64_t, 3>;

Value of(uint64_t number) { return {number, ~number, number << 7}; }
bool whole(const Value& value) { return value == of(value[0]); }

struct Shared {
  sys::Memory memory = sys::Memory::allocate_shared(4096).value();
  oklo::SharedValue<Value>& operator*() const {
    return *reinterpret_cast<oklo::SharedValue<Value>*>(memory.data());
  }
};

}  // namespace

TEST_CASE("shm/shared_value: zeros at first, then what was set last") {
  Shared shared;
  CHECK((*shared).value() == Value{});
  for (uint64_t i = 1; i < 5; i++) {
    (*shared).set(of(i));
    CHECK((*shared).value() == of(i));
  }
}

TEST_CASE("shm/shared_value: another process never sees half a change") {
  Shared shared;
  (*shared).set(of(0));
  pid_t writer = fork();
  if (writer == 0)
    for (uint64_t i = 0;; i++) (*shared).set(of(i));
  int torn = 0, back = 0;
  uint64_t last = 0;
  for (int i = 0; i < 300'000; i++) {
    Value value = (*shared).value();
    torn += !whole(value);
    back += value[0] < last;
    last = value[0];
  }
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  CHECK(torn == 0);
  CHECK(back == 0);
  CHECK(whole((*shared).value()));
}

TEST_CASE("shm/shared_value: a writer killed before any store leaves the old value or the new") {
  Shared shared;
  uint64_t number = 0;
  auto again = [&] { (*shared).set(of(++number)); };
  again();
  bool seen[2] = {};
  long steps = after_each_death(Step::store, [&] { (*shared).set(of(1000)); }, [&] {
    Value value = (*shared).value();
    bool changed = value == of(1000);
    CHECK((changed || value == of(number)));
    seen[changed] = true;
    again();
    CHECK((*shared).value() == of(number));
  });
  if (steps > 0) CHECK((seen[0] && seen[1]));
}
