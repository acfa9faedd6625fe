#include "shm/shared_number.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "child.h"
#include "emulated.h"
#include "stepped_child.h"
#include "sys/memory.h"

namespace sys = oklo::sys;

namespace {

struct ThisMachines : oklo::SharedNumber {};
struct General : oklo::BasicSharedNumber<false> {};

template <class N>
struct Shared {
  sys::Memory memory = sys::Memory::allocate_shared(4096).value();
  N& number = *reinterpret_cast<N*>(memory.data());
  explicit Shared(int64_t value) { number.init(value); }
};

}  // namespace

TEST_CASE_TEMPLATE("shm/shared_number: gets what was set and returns sums", N, ThisMachines, General) {
  Shared<N> shared(-7);
  N& number = shared.number;
  CHECK(number.get() == -7);
  number.set(INT64_MIN);
  CHECK(number.get() == INT64_MIN);
  CHECK(number.add(-1) == INT64_MAX);
  CHECK(number.add(2) == INT64_MIN + 1);
  number.set(0xffff'ffff);
  CHECK(number.add(1) == 0x1'0000'0000);
  CHECK(number.get() == 0x1'0000'0000);
}

TEST_CASE_TEMPLATE("shm/shared_number: is exchanged when it is as expected", N, ThisMachines, General) {
  Shared<N> shared(5);
  CHECK(!shared.number.compare_exchange(4, 6));
  CHECK(shared.number.get() == 5);
  CHECK(!shared.number.compare_exchange(5 + (int64_t{1} << 40), 6));
  CHECK(shared.number.compare_exchange(5, 6));
  CHECK(shared.number.get() == 6);
}

TEST_CASE_TEMPLATE("shm/shared_number: processes add and exchange, and nothing is lost", N, ThisMachines,
                   General) {
  constexpr int kProcesses = 4, kTimes = 10'000;
  Shared<N> shared(0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; i++) {
    pid_t pid = fork();
    if (pid > 0) children.push_back(pid);
    if (pid != 0) continue;
    for (int times = 0; times < kTimes; times++) {
      shared.number.add(3);
      for (int64_t old = shared.number.get(); !shared.number.compare_exchange(old, old + (int64_t{1} << 33));)
        old = shared.number.get();
    }
    _exit(0);
  }
  for (pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
  CHECK(shared.number.get() == kProcesses * kTimes * (3 + (int64_t{1} << 33)));
}

TEST_CASE_TEMPLATE("shm/shared_number: a process killed before any store changed nothing or all", N,
                   ThisMachines, General) {
  if (emulated()) return;
  Shared<N> shared(0);
  constexpr int64_t kMuch = 0x7'0000'0007;
  for (int what = 0; what < 3; what++)
    after_each_death(Step::store, [&] {
      if (what == 0) shared.number.set(kMuch);
      if (what == 1) shared.number.add(kMuch);
      if (what == 2) shared.number.compare_exchange(0, kMuch);
    }, [&] {
      CHECK(shared.number.get() % kMuch == 0);
      shared.number.set(kMuch * 9);
      CHECK(shared.number.add(-9 * kMuch) == 0);
    });
}
