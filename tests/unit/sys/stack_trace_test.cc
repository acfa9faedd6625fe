#include "sys/stack_trace.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "child.h"
#include "emulated.h"
#include "sys/file.h"
#include "temp_dir.h"

namespace {

__attribute__((noinline)) void innermost() {
  raise(oklo::sys::kStackSignal);
  asm volatile("");
}

}  // namespace

TEST_CASE("sys/stack_trace: the process tells where it is, and goes on") {
  if (emulated()) return;  // The emulator makes the frame of a signal, and unwinding does not pass it.
  TempDir place;
  std::string path = place / "stack";
  int code = in_child([&] {
    int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    oklo::sys::answer_with_stack(fd, "worker 7");
    errno = 77;
    innermost();
    return errno == 77 ? 5 : 6;
  });
  CHECK(code == 5);
  std::string line = oklo::sys::read_file(path, 4096).value();
  INFO(line);
  CHECK(line.find("Z worker 7[") == 19);
  CHECK(line.back() == '\n');
  uintptr_t wanted = reinterpret_cast<uintptr_t>(&innermost);
  bool found = false;
  size_t at = line.find("at 0x");
  for (at = line.find(" 0x", at + 3); at != line.npos; at = line.find(" 0x", at + 1)) {
    auto address = static_cast<uintptr_t>(std::strtoull(line.c_str() + at + 1, nullptr, 16));
    found |= address > wanted && address < wanted + 64;
  }
  CHECK(found);
}

TEST_CASE("sys/stack_trace: without an answer to give, the signal ends the process as any other") {
  CHECK(in_child([] {
    raise(oklo::sys::kStackSignal);
    return 5;
  }) == 1000 + oklo::sys::kStackSignal);
}
