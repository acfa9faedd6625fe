#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "process/task_asker.h"
#include "shm/task_table.h"
#include "sys/memory_file.h"

namespace faults = oklo::faults;

using oklo::TaskEnd;
using oklo::TaskRef;
using oklo::TaskTable;

namespace {

oklo::Result<TaskTable> make_table() { return TaskTable::create({2, 1 << 20, 3, {{"kind", false, 1}}}); }

}  // namespace

TEST_CASE("fault/shm_task: a table that can't be made says why") {
  faults::Scope scope;
  faults::fail("mmap", 1, ENOMEM);
  CHECK(make_table().error().number == ENOMEM);
  faults::fail("memfd_create", 1, EMFILE);
  CHECK(make_table().error().number == EMFILE);
  faults::fail("eventfd", 3, EMFILE);
  CHECK(make_table().error().number == EMFILE);
  CHECK(make_table().ok());
}

TEST_CASE("fault/shm_task: a kernel without memory files has unnamed ones") {
  faults::Scope scope;
  faults::fail_always("memfd_create", ENOSYS);
  faults::fail_always("fallocate", EOPNOTSUPP);
  auto file = oklo::sys::MemoryFile::create("test");
  REQUIRE(file.ok());
  CHECK(file->write("bytes", 4096) == 0);
  file->give_back(0, 8192);
  std::string bytes(5, '?');
  CHECK(file->read(bytes.data(), 5, 4096) == 0);
  CHECK(bytes == "bytes");
}

TEST_CASE("fault/shm_task: a task that there is no memory for is refused and holds no record") {
  faults::Scope scope;
  TaskTable table = make_table().value();
  for (int number : {ENOSPC, ENOMEM, EFBIG, EIO}) {
    faults::fail("pwrite", 1, number);
    TaskRef ref = table.hold(0).value();
    CHECK(table.submit(ref, 0, 0, "bytes") == 0);
    CHECK(table.counts().accepted == 0);
  }
  CHECK(table.hold(0));
  CHECK(table.hold(0));
}

TEST_CASE("fault/shm_task: a result that there is no memory for decides nothing") {
  faults::Scope scope;
  TaskTable table = make_table().value();
  TaskRef ref = table.hold(0).value();
  CHECK(table.submit(ref, 0, 0, "bytes") != 0);
  TaskRef taken = table.take(1).value();
  std::string bytes;
  faults::fail("pread", 1, EIO);
  CHECK_FALSE(table.read_bytes(taken, bytes));
  CHECK(table.read_bytes(taken, bytes));
  faults::fail("pwrite", 1, ENOSPC);
  CHECK_FALSE(table.decide(taken, 1, TaskEnd::done, "answer"));
  CHECK(!table.result_of(ref));
  CHECK(table.decide(taken, 1, TaskEnd::failed, ""));
  CHECK(table.result_of(ref)->end == TaskEnd::failed);
}

TEST_CASE("fault/shm_task: calls that signals interrupt and transfers cut short change nothing") {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    faults::Scope scope;
    faults::shorten(seed);
    TaskTable table = make_table().value();
    std::string question(100'000, 'q'), answer(70'000, 'a'), bytes;
    TaskRef ref = table.hold(0).value();
    CHECK(table.submit(ref, 0, 0, question) != 0);
    TaskRef taken = table.take(1).value();
    CHECK(table.read_bytes(taken, bytes));
    CHECK(bytes == question);
    CHECK(table.decide(taken, 1, TaskEnd::done, answer));
    CHECK(table.read_result(ref, bytes));
    CHECK(bytes == answer);
    table.release(ref, 0);
  }
}

TEST_CASE("fault/shm_task: a result that can't be read is told as a failure") {
  faults::Scope scope;
  TaskTable table = make_table().value();
  auto reactor = oklo::Reactor::create(256).value();
  auto asker = oklo::TaskAsker::create(*reactor, table, 0).value();
  std::string heard;
  CHECK(asker->ask("kind", "bytes", [&](const oklo::TaskOutcome& outcome) {
    heard = outcome.state == oklo::TaskState::failed ? outcome.reason : "wrong";
  }));
  CHECK(table.decide(table.take(1).value(), 1, TaskEnd::done, "answer"));
  faults::fail("pread", 1, EIO);
  reactor->run_once();
  CHECK(heard == "its result can't be read");
}
