#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shm/shared_value.h"
#include "sys/event_fd.h"
#include "sys/memory.h"
#include "sys/memory_file.h"

namespace oklo {

// How a task ended.
enum class TaskEnd : uint32_t { done, failed, died, stopped, timed_out, count };

// What is to be done with a task whose worker died.
struct TaskKind {
  std::string name;
  bool retries = false;     // it is queued again, else it has ended
  uint32_t attempts = 1;    // after that many deaths it has ended in any case
  uint32_t timeout_ms = 0;  // how long it may run; 0: as long as it takes
};

struct TaskTableOptions {
  uint32_t records = 0;
  uint32_t bytes_max = 0;  // of what is asked, and of the result
  uint32_t lives = 0;
  std::vector<TaskKind> kinds;
};

// A record in one use of it. The generation tells uses apart.
struct TaskRef {
  uint32_t record = 0;
  uint32_t generation = 0;
};

// What is known of a task while it is run.
struct TaskInfo {
  uint32_t ticket = 0;
  uint32_t kind = 0;
  uint32_t attempt = 0;  // from 1 on
  uint32_t bytes = 0;
};

struct TaskResult {
  TaskEnd end = TaskEnd::done;
  uint32_t bytes = 0;
};

struct TaskCounts {
  uint64_t accepted = 0;
  uint64_t ended[static_cast<size_t>(TaskEnd::count)] = {};
  uint64_t retried = 0;
  uint64_t queued = 0;
  uint64_t running = 0;
  // What was accepted, has not ended and is nowhere: none, or there is a bug.
  int64_t lost() const;
};

// The tasks of a service in shared memory: a record each, from when it is asked for until whoever asked has
// its result. The bytes lie in a file in memory, an area for the question and one for the result of each
// record, so nothing has to be allocated and a death leaks nothing.
//
//   free -> held -> queued -> running -> decided -> held -> free
//
// Every step is one store or exchange of the record's word, which names the life that alone may go on: who
// asks holds it while it is filled, who runs it decides how it ends. A process may die at each instruction;
// the master then goes through the records of its life (end_life). That a task was accepted, and how it
// ended, is one store each, of how many tasks of this record were: where more were accepted than ended, there
// is one that has to go on. So each accepted task ends once, and is counted once. A table is made before the
// fork.
class TaskTable {
 public:
  static constexpr uint32_t kRecordsMax = 65536;
  static constexpr uint32_t kBytesMax = 64u << 20;
  static constexpr uint32_t kKeptBytes = 65536;  // of an area; what lies behind is given back after its use

  static Result<TaskTable> create(TaskTableOptions options);

  const std::vector<TaskKind>& kinds() const { return options_.kinds; }
  std::optional<uint32_t> find_kind(std::string_view name) const;
  uint32_t bytes_max() const { return options_.bytes_max; }
  uint32_t lives() const { return options_.lives; }
  sys::EventFd& bell(uint32_t life) { return bells_[life]; }
  // The fds that children must keep.
  void add_fds(std::vector<int>& to) const;

  // ---- for who asks
  // A record that is held by that life; none: all are in use.
  std::optional<TaskRef> hold(uint32_t life);
  // Writes the bytes and queues it: its ticket, or 0 when there is no memory for the bytes, and it is free.
  uint32_t submit(TaskRef ref, uint32_t life, uint32_t kind, std::string_view bytes);
  // The result, when there is one; the bytes are for `read_result`.
  std::optional<TaskResult> result_of(TaskRef ref) const;
  [[nodiscard]] bool read_result(TaskRef ref, std::string& out) const;
  // The result is of no more use.
  void release(TaskRef ref, uint32_t life);
  // The bell of the life rings when there is room again; when that is gone, it is wanted anew.
  void want_room(uint32_t life);
  void got_room(uint32_t life);
  bool has_room() const { return has_any(Stage::free); }
  bool stopping() const { return header().stopping; }

  // ---- for a task worker
  // From now on its bell rings when there is work and it sleeps.
  void begin_serving(uint32_t life);
  void end_serving(uint32_t life);
  // The oldest that is queued; it is run by that life now.
  std::optional<TaskRef> take(uint32_t life);
  TaskInfo info(TaskRef ref) const;
  [[nodiscard]] bool read_bytes(TaskRef ref, std::string& out) const;
  // How it ended; false when there is no memory for the bytes, and nothing has happened.
  [[nodiscard]] bool decide(TaskRef ref, uint32_t life, TaskEnd end, std::string_view bytes);
  // Whether it may sleep until its bell rings: nothing is queued.
  bool may_sleep(uint32_t life);

  // ---- for the master
  struct Judged {
    uint32_t retried = 0;
    uint32_t died = 0;
  };
  // The process of that life is gone; or, as life lives(), one that was a master too: a manager.
  Judged end_life(uint32_t life);
  // Who runs that one is about to be killed because it takes too long: if it dies with it, it ends as
  // `timed_out`.
  void time_out(TaskRef ref);
  // No task is accepted any more, and those that are queued end as `stopped`: how many.
  uint32_t stop();
  // Wakes who should be awake: for a task, a result or room. A process that was stopped between two steps may
  // have kept it from them.
  void wake();

  TaskCounts counts() const;
  // For the master: what the tables before this one have counted, which counts shows along.
  void carry(const TaskCounts& before) const { header().before.set(before); }

 private:
  enum class Stage : uint32_t { free, held, queued, running, decided };
  static constexpr uint32_t kLifeBits = 13;
  static constexpr uint32_t kGenerationBits = 16;
  static constexpr uint32_t kNobody = UINT32_MAX;
  static constexpr size_t kSeenMax = 64;  // of what is queued, at one look

  struct Header {
    std::atomic<uint32_t> tickets;
    std::atomic<uint32_t> retried;       // by the master
    std::atomic<uint32_t> queued_again;  // the same
    std::atomic<bool> stopping;
    std::atomic<bool> room_is_wanted;    // by one of the lives
    SharedValue<TaskCounts> before;      // by the master
  };
  // What a process sleeps with.
  struct Sleeper {
    std::atomic<bool> serves;      // it is a task worker
    std::atomic<bool> idle;        // and it sleeps
    std::atomic<bool> wants_room;
  };
  // Stage, life and generation; and the order in which tasks are taken.
  struct Mark {
    std::atomic<uint32_t> word;
    std::atomic<uint32_t> ticket;
  };
  // How many have ended, and what became of the last.
  struct Verdict {
    uint64_t totals[static_cast<size_t>(TaskEnd::count)];
    uint32_t end;
    uint32_t bytes;
  };
  // What was queued when a process looked.
  struct Seen {
    uint32_t record, word, ticket;
  };
  struct alignas(64) Record {
    std::atomic<uint32_t> asker;  // a life, or kNobody
    std::atomic<uint32_t> kind;
    std::atomic<uint32_t> bytes;
    std::atomic<uint32_t> deaths;  // of task workers that ran it
    std::atomic<uint32_t> overdue;  // the generation of the use that took too long, and one
    SharedValue<uint64_t> accepted;
    SharedValue<Verdict> verdict;
  };

  TaskTable(TaskTableOptions options, sys::Memory memory, sys::MemoryFile file);

  static uint32_t word(Stage stage, uint32_t life, uint32_t generation);
  static Stage stage_of(uint32_t word);
  static uint32_t life_of(uint32_t word);
  static uint32_t generation_of(uint32_t word);
  static uint64_t ended_of(const Verdict& verdict);

  Header& header() const { return *reinterpret_cast<Header*>(memory_.data()); }
  Sleeper& sleeper(uint32_t life) const;
  Mark* marks() const { return reinterpret_cast<Mark*>(memory_.data() + marks_at_); }
  Mark& mark(uint32_t record) const { return marks()[record]; }
  Record& record(uint32_t index) const;
  uint64_t area(uint32_t record, bool of_result) const;
  bool has_any(Stage stage) const;
  uint32_t master() const { return options_.lives; }

  bool exchange(uint32_t index, uint32_t from, uint32_t to);
  bool is_under_way(uint32_t index) const;
  void settle(uint32_t index, TaskEnd end, uint32_t bytes);
  void drop(uint32_t index, uint32_t queued, uint32_t by);
  void drop_queued();
  void give_back(uint32_t record, bool of_result, uint64_t bytes);
  void free_held(TaskRef ref);
  void judge_held(uint32_t index, uint32_t now);
  void judge_running(uint32_t index, uint32_t now, Judged& judged);
  TaskEnd end_by_death(uint32_t index, uint32_t generation);
  void queue_again(uint32_t index, uint32_t now);
  bool look_for_queued();
  bool any_queued() const { return has_any(Stage::queued); }
  void tell_ends();
  void ring_one();
  void ring_serving();
  void look_for_room();
  void tell_room();

  TaskTableOptions options_;
  sys::Memory memory_;  // header, sleepers, marks, records
  size_t marks_at_;
  sys::MemoryFile file_;
  std::vector<sys::EventFd> bells_;
  uint32_t next_ = 0;  // where this process looks for a free record first
  std::vector<Seen> seen_;  // queued when this process looked last; the oldest is the last
  uint32_t seen_again_ = 0;
};

}  // namespace oklo
