#include "sys/stack_trace.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "child.h"
#include "emulated.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/thread.h"
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

TEST_CASE("sys/stack_trace: a thread that is asked tells its own") {
  if (emulated() || !kSignalsArePrompt) return;
  TempDir place;
  std::string path = place / "stack";
  int code = in_child([&] {
    int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    oklo::sys::answer_with_stack(fd, "gate 1");
    auto thread = oklo::sys::Thread::start("gate 2", [fd] {
      oklo::sys::answer_with_stack(fd, "gate 2");
      oklo::sys::send_signal(getpid(), oklo::sys::current_thread(), oklo::sys::kStackSignal);
    });
    return thread ? 5 : 6;
  });
  CHECK(code == 5);
  std::string line = oklo::sys::read_file(path, 4096).value();
  INFO(line);
  CHECK(line.find("Z gate 2[") == 19);
  CHECK(line.find('\n') == line.size() - 1);
}

TEST_CASE("sys/stack_trace: without an answer to give, the signal ends the process as any other") {
  CHECK(in_child([] {
    raise(oklo::sys::kStackSignal);
    return 5;
  }) == 1000 + oklo::sys::kStackSignal);
}
