#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <oklo/function.h>

namespace oklo {

// Slow work that a worker gives away: a task is run by a task worker (ServerOptions::task_workers), a process
// of its own that may wait as long as it likes, and its answer comes back to the worker that asked. Kinds of
// tasks are declared with Server::task. Tasks begin in the order in which they were asked for. A task that is
// to tell something before it ends sends to a room or a connection, or writes into shared memory
// (<oklo/table.h>); what it sends and its result go different ways, and may arrive in any order.

// The name of a task, never given to another one (but for a wrap after 2^32 tasks). False: none.
struct TaskId {
  uint64_t value = 0;
  explicit operator bool() const { return value != 0; }
  friend bool operator==(const TaskId&, const TaskId&) = default;
};

// What becomes of a task whose task worker dies while it runs: by a crash of its handler, or killed.
enum class TaskOnDeath : uint8_t {
  fail,   // it ends with TaskState::died
  retry,  // it is run again, so its handler must bear to be run twice
};

// How a kind of tasks is treated: Server::task.
struct TaskOptions {
  TaskOnDeath on_death = TaskOnDeath::fail;
  unsigned attempts = 3;  // with retry: how often it is run at most; then it ends with TaskState::died
  // How long it may take until its handler has returned and it has ended, looked at four times a second.
  // Then its task worker is killed, and a task that had not ended ends with TaskState::timed_out, whatever
  // on_death says. 0: as long as it takes.
  uint32_t timeout_ms = 0;
};

// A task in the hands of its handler, in a task worker. Gone when the handler returns; where that is a
// coroutine, when it has ended.
class Task {
 public:
  TaskId id() const;
  std::string_view name() const;
  // What the worker has sent.
  std::string_view bytes() const;
  // 1, or more when a task worker died with it before.
  unsigned attempt() const;

  // Answers; the handler may go on. Only the first of finish and fail counts, and a handler that returns
  // without either answers with no bytes. A result longer than ServerOptions::task_bytes_max fails the task
  // instead, and so does one that there is no memory for.
  void finish(std::string_view result);
  // Answers that it could not be done; a reason that is too long is cut.
  void fail(std::string_view reason);

  // Says that it ends later, by with_task: the handler may return without an answer. What it has begun, such
  // as the request of an HttpClient, goes on in the Reactor of this task worker, which begins no other task
  // until this one has ended. TaskOptions::timeout_ms counts on; without it, one that nobody ends stays for
  // ever.
  TaskId later();

 private:
  friend class TaskWorker;
  struct Run;
  explicit Task(Run& run) : run_(run) {}

  Run& run_;
};

// Calls `function` at once with the task of that name that runs in this task worker, to finish it or fail it
// (Task::later). False, and nothing is called, when it has ended.
bool with_task(TaskId id, const Function<void(Task& task)>& function);

enum class TaskState : uint8_t {
  done,       // its handler finished it, or returned
  failed,     // its handler said so
  died,       // its task worker died with it, for the last time when it is one to retry
  stopped,    // it had not begun when the service stopped
  timed_out,  // it ran for longer than TaskOptions::timeout_ms
};

// How a task ended. The views are good until the call returns.
struct TaskOutcome {
  TaskId id;
  std::string_view name;
  TaskState state = TaskState::done;
  std::string_view bytes;   // the result, of one that is done
  std::string_view reason;  // of one that is not
  explicit operator bool() const { return state == TaskState::done; }
};

// Why a task was not accepted.
enum class TaskRefusal : uint8_t {
  none,
  full,             // as many tasks are under way as ServerOptions::task_queue says
  unknown_name,     // no kind of tasks was declared under that name
  too_large,        // more bytes than ServerOptions::task_bytes_max
  no_memory,        // none for its bytes
  no_task_workers,  // the server has none, or this is its master
  stopping,         // the service stops
};

// Whether a task was accepted: then it has an id.
struct TaskStarted {
  TaskId id;
  TaskRefusal why = TaskRefusal::none;
  explicit operator bool() const { return why == TaskRefusal::none; }
};

// Gives a task of the kind `name` to the task workers, with a copy of the bytes; from a worker, a process of
// the program's own or a task worker. It never waits and nothing is called before it returns. `done` is
// called once for each task that was accepted, in the process that asked, as long as that lives: by its
// Reactor, when the task has ended. When the process that asked dies its tasks are run all the same and their
// results dropped; a worker that leaves does not wait for them, but for the connections that do
// (Response::later). After a refusal as `full`, Server::on_task_drain is called when there is room again.
TaskStarted task(std::string_view name, std::string_view bytes,
                 Function<void(const TaskOutcome& outcome)> done = {});

// The longest name of a kind of tasks, in bytes, how many kinds and task workers a server may have, how long
// its queue may be, and how large a task.
inline constexpr size_t kTaskNameBytesMax = 31;
inline constexpr size_t kTaskKindsMax = 256;
inline constexpr size_t kTaskWorkersMax = 64;
inline constexpr size_t kTaskQueueMax = 65536;
inline constexpr size_t kTaskBytesMax = size_t{64} << 20;

}  // namespace oklo
