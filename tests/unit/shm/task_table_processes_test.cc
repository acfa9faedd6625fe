// Many processes at one TaskTable, some of them killed.
#include <doctest/doctest.h>

#include <sched.h>

#include <map>
#include <random>
#include <string>
#include <utility>

#include "emulated.h"
#include "sanitized.h"
#include "shm/task_table.h"
#include "stepped_child.h"

using oklo::TaskEnd;
using oklo::TaskRef;
using oklo::TaskTable;

namespace {

constexpr uint32_t kAsker = 0, kOtherAsker = 1, kFirstWorker = 2, kLives = 5;
constexpr uint32_t kFails = 0;

[[noreturn]] void work(TaskTable& table, uint32_t life) {
  table.begin_serving(life);
  for (std::string bytes;; sched_yield()) {
    std::optional<TaskRef> ref = table.take(life);
    if (!ref) continue;
    if (!table.read_bytes(*ref, bytes)) _exit(1);
    if (!table.decide(*ref, life, TaskEnd::done, bytes)) _exit(1);
  }
}

// Asks for what nobody will hear of.
[[noreturn]] void ask(TaskTable& table, uint32_t life) {
  for (std::map<uint32_t, TaskRef> asked;; sched_yield()) {
    if (std::optional<TaskRef> ref = table.hold(life)) {
      table.submit(*ref, life, ref->record % 2, "from one that dies");
      asked[ref->record] = *ref;
    }
    for (auto& [record, ref] : asked)
      if (table.result_of(ref)) table.release(ref, life);
  }
}

// The lives but the first are processes that may be killed.
class Crowd {
 public:
  explicit Crowd(TaskTable& table) : table_(table) {
    for (uint32_t life = 1; life < kLives; life++) start(life);
  }
  ~Crowd() {
    for (uint32_t life = 1; life < kLives; life++) end(life);
  }

  void replace(uint32_t life) {
    end(life);
    start(life);
  }
  // Until one has nothing left to do.
  void end_asker() { end(kOtherAsker); }

  uint64_t died = 0;
  uint64_t retried = 0;

 private:
  void start(uint32_t life) {
    pids_[life] = fork();
    if (pids_[life] < 0) abort();
    if (pids_[life] == 0 && life < kFirstWorker) ask(table_, life);
    if (pids_[life] == 0) work(table_, life);
  }
  void end(uint32_t life) {
    if (!pids_[life]) return;
    kill(pids_[life], SIGKILL);
    int status = 0;
    waitpid(pids_[life], &status, 0);
    CHECK(WIFSIGNALED(status));
    pids_[life] = 0;
    TaskTable::Judged judged = table_.end_life(life);
    died += judged.died;
    retried += judged.retried;
  }

  TaskTable& table_;
  pid_t pids_[kLives] = {};
};

}  // namespace

TEST_CASE("shm/task_table: processes are killed at random, and no task is lost or ends twice") {
  TaskTable table =
      TaskTable::create({16, 4096, kLives, {{"fails", false, 1}, {"retries", true, 1000}}}).value();
  const uint32_t wanted = kSanitized || emulated() ? 2000 : 20'000;
  std::mt19937 random(20261121);
  uint32_t asked = 0, heard = 0, own_died = 0;
  std::map<uint32_t, std::pair<TaskRef, std::string>> open;
  Crowd crowd(table);
  while (heard < wanted) {
    std::optional<TaskRef> ref = asked < wanted ? table.hold(kAsker) : std::nullopt;
    if (ref) {
      std::string text = std::to_string(asked++);
      CHECK(table.submit(*ref, kAsker, ref->record % 2, text) != 0);
      open[ref->record] = {*ref, text};
      if (random() % 64 == 0) crowd.replace(1 + static_cast<uint32_t>(random() % (kLives - 1)));
    }
    for (auto at = open.begin(); at != open.end();) {
      auto& [own, text] = at->second;
      std::optional<oklo::TaskResult> result = table.result_of(own);
      if (!result) {
        ++at;
        continue;
      }
      std::string bytes;
      CHECK(table.read_result(own, bytes));
      if (result->end == TaskEnd::done) CHECK(bytes == text);
      else CHECK((result->end == TaskEnd::died && own.record % 2 == kFails));
      own_died += result->end == TaskEnd::died;
      table.release(own, kAsker);
      at = open.erase(at);
      heard++;
    }
  }
  CHECK(heard == wanted);
  crowd.end_asker();
  while (table.counts().queued + table.counts().running > 0) sched_yield();
  oklo::TaskCounts counts = table.counts();
  CHECK(counts.lost() == 0);
  CHECK(counts.accepted >= wanted);
  CHECK(counts.ended[static_cast<size_t>(TaskEnd::died)] == crowd.died);
  CHECK(crowd.died >= own_died);
  CHECK(counts.retried == crowd.retried);
}
