#include "base/counter.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <cstdint>
#include <new>

#include "sys/memory.h"
#include "sys/process.h"

#include "child.h"

namespace sys = oklo::sys;

namespace {

struct ThisMachines : oklo::Counter {};
struct General : oklo::BasicCounter<false> {};

uint32_t high_half(uint64_t value) { return static_cast<uint32_t>(value >> 32); }
uint32_t low_half(uint64_t value) { return static_cast<uint32_t>(value); }

}  // namespace

TEST_CASE_TEMPLATE("base/counter: counts, also beyond 32 bits", C, ThisMachines, General) {
  C counter;
  CHECK(counter.value() == 0);
  counter.set(0xffff'ffff);
  counter.add(1);
  CHECK(counter.value() == 0x1'0000'0000);
  counter.add(UINT64_MAX - 0x1'0000'0000);
  CHECK(counter.value() == UINT64_MAX);
  counter.add(2);
  CHECK(counter.value() == 1);
}

TEST_CASE_TEMPLATE("base/counter: a copy has the value, and counts for itself", C, ThisMachines, General) {
  C counter;
  counter.set(0x1'0000'0007);
  C copy = counter;
  copy.add(1);
  CHECK(counter.value() == 0x1'0000'0007);
  counter = copy;
  CHECK(counter.value() == 0x1'0000'0008);
}

// Each value has equal halves, so a torn one is known at sight.
TEST_CASE_TEMPLATE("base/counter: another process never sees half a change", C, ThisMachines, General) {
  sys::Memory memory = sys::Memory::allocate_shared(sizeof(C)).value();
  C& counter = *new (memory.data()) C;
  pid_t writer = fork();
  if (writer == 0)
    for (uint64_t i = 0;; i++) counter.set(i << 32 | low_half(i));
  int torn = 0;
  for (int i = 0; i < 300'000; i++) {
    uint64_t value = counter.value();
    torn += high_half(value) != low_half(value);
  }
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  CHECK(torn == 0);
  CHECK(high_half(counter.value()) == low_half(counter.value()));  // Even if the writer died in the middle.
}
