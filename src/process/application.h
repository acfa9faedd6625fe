#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/log.h"
#include "process/control_channel.h"
#include "process/mailboxes.h"
#include "reactor/reactor.h"
#include "shm/broadcast.h"
#include "shm/connection_table.h"
#include "shm/scoreboard.h"
#include "shm/task_table.h"
#include "sys/address.h"

#include <oklo/address_limits.h>
#include <oklo/process.h>

namespace oklo {

inline constexpr uint32_t kWorkersMax = 1024;  // that a service may have, whoever asks for them

class AddressTable;
class TaskAsker;
class ConnectionStates;
class Wires;

// What a worker has to work with, or whatever else is a life: a process of the program's own, which has no
// listeners; a thread of the gate. Made by the Worker after fork, lives as long as the process.
struct WorkerContext {
  Role role = Role::worker;
  uint32_t slot = 0;                          // those of the workers stand first
  std::string name;                           // "worker 1", "gate 1", or that of the process
  uint32_t life = 0;
  uint32_t generation = 0;
  uint32_t slots = 0;                         // of workers
  int32_t keeper = 0;                         // the pid of the process that forked it
  Reactor* reactor = nullptr;
  LifeRow* row = nullptr;
  const Scoreboard* scoreboard = nullptr;
  const ConnectionTable* connections = nullptr;
  const AddressTable* address_table = nullptr;  // nullptr: addresses have no limits
  Broadcast* broadcast = nullptr;             // nullptr: not asked for
  const Mailboxes* mail = nullptr;            // nullptr: not asked for
  TaskTable* task_table = nullptr;            // nullptr: there are no task workers
  TaskAsker* tasks = nullptr;                 // the same; made by the Worker
  Log* log = nullptr;
  LogSink access_log;                         // empty: none
  const Wires* wires = nullptr;               // nullptr: base mode, or it uses none
  const ConnectionStates* states = nullptr;   // in process mode
  uint32_t threads = 0;                       // of the gate; 0: base mode
  uint32_t thread = 0;                        // of a thread of the gate: which one, from 0 on
  std::vector<std::vector<int>> listeners;    // [address][slot], for the gate [address][thread]; one only
                                              // for a unix socket, or one that was passed
  std::vector<sys::Address> addresses;        // where each address listens; the port the kernel chose
  Function<void()> drained;                   // to be called when draining is over: the process ends
  Function<void()> left;                      // to be called by a worker when it reads its wires no more

  bool is_worker() const { return role == Role::worker; }
};

// What a worker does, in that worker, or a process of the program's own. Made by Application::make_service in
// the child.
class WorkerService {
 public:
  virtual ~WorkerService() = default;
  // Serves from the own slot from now on; the Worker says READY afterwards.
  virtual Result<void> start() = 0;
  // Serves from that slot, too. To a worker of process mode it says that it may read the wires of its slot,
  // to a process of the program's own that it may begin.
  virtual void serve(uint32_t slot) = 0;
  virtual void leave(uint32_t slot) = 0;
  // Accepts no more and has let go of the listeners when it returns; calls context.drained when no
  // connection is left, at the latest at deadline_ms (0: however long it takes). May be called again, with
  // another deadline. A worker of process mode also calls context.left, now or later: its successor reads
  // the wires from then on.
  virtual void drain(DrainMode mode, uint64_t deadline_ms) = 0;
  virtual void reopen_log(LogSink log) = 0;
};

struct Plan;

// What the master runs. Lives in the master; children have a copy since the fork.
class Application {
 public:
  virtual ~Application() = default;
  // In the keeper of the workers (the master, in process mode the manager), before each generation is
  // forked, and in the master before the gate is: opens what the children will need. An error keeps the
  // generation that runs. The fds that children must keep are appended to `keep`.
  virtual Result<void> prepare(std::vector<int>& keep) = 0;
  // In the child. In the gate it is called in each thread, at the same time.
  virtual std::unique_ptr<WorkerService> make_service(WorkerContext& context) = 0;
  // In a keeper, before its first fork, where services broadcast: with this it may send, too. What the
  // context has of a worker is empty. And it may no more.
  virtual Result<void> join_broadcast(WorkerContext&) { return {}; }
  virtual void leave_broadcast() {}
  // In the master, of the one that it was started with: what the service is to become by a reload, as its
  // configuration says now; nothing when that is as it was. An error is for whoever asked.
  struct Wanted;
  virtual Result<Wanted> configure();
  // In the master, once, when its first generation serves.
  virtual void on_up(const std::vector<sys::Address>& addresses) = 0;
  // In the worker with that number (1 and up): it serves, but has not been asked yet; draining is over.
  virtual void on_worker_start(uint32_t) {}
  virtual void on_worker_stop(uint32_t) {}
  // In the worker or process: a message from another one, or from the master (0).
  virtual void on_message(uint32_t, std::string_view) {}
  // In the worker or process: tasks are accepted again.
  virtual void on_task_drain() {}
  // In the keeper of the workers: a worker is gone that was not told to go, or did not go as it was told. The
  // status is that of waitpid(2).
  virtual void on_worker_error(uint32_t, int32_t, int) {}
  // In the master, or in the workers and processes: a signal that the program wanted.
  virtual void on_signal(int) {}
  // In the keeper of the workers: a reload begins.
  virtual void on_reload() {}
};

struct ListenAddress {
  std::string text;  // as the user wrote it
  bool defer_accept = false;
  bool datagram = false;
  bool nodelay = true;
  uint32_t keepalive_s = 0;           // 0: none
  uint32_t backlog = 4096;
  uint32_t receive_buffer_bytes = 0;  // of datagrams in the kernel; 0: as the kernel is set
};

// How the workers are kept.
struct WorkerPolicy {
  uint64_t max_requests = 0;       // after which a worker is replaced; 0: never
  bool affinity = false;           // worker i runs on the i-th processor that may be used
  uint32_t watchdog_ms = 0;        // how long one turn may take; 0: as long as it takes
  bool watchdog_replaces = false;  // a worker whose turn takes longer, instead of telling alone
  uint64_t task_max_requests = 0;  // as max_requests, for tasks of a task worker
};

// A process of the program's own, or a task worker.
struct ProcessSpec {
  std::string name;
  ProcessRestart restart = ProcessRestart::always;
  uint32_t task_worker = 0;  // its number among those; 0: it is none
};

// A signal that the program wants to hear.
struct OwnSignal {
  int number = 0;
  bool in_workers = false;  // else in the master
};

struct MasterOptions {
  bool has_gate = false;            // process mode, else base mode
  unsigned reactor_threads = 0;     // of the gate; 0: half as many as there are usable processors
  unsigned workers = 0;             // 0: one for each usable processor
  std::vector<ListenAddress> listen;
  std::string user;
  std::string group;
  std::string chroot;               // empty: the root directory stays
  std::string control;              // as in ServerOptions
  std::string pid_file;
  bool daemon = false;
  std::string error_log = "stderr";
  std::string access_log = "off";
  uint32_t shutdown_timeout_ms = 30'000;
  uint32_t connections_max = 0;
  AddressLimits per_address;
  bool broadcasts = false;          // the processes want a Broadcast
  bool messages = false;            // the workers want Mailboxes
  WorkerPolicy policy;
  std::vector<ProcessSpec> processes;  // the task workers last
  TaskTableOptions tasks;           // without records: there are no task workers
  std::vector<OwnSignal> signals;
};

// A service, as its configuration wants it.
struct Plan {
  MasterOptions options;
  std::shared_ptr<Application> application;
};

struct Application::Wanted {
  std::optional<Plan> plan = {};
  std::string changes = {};  // against what serves now, for a person
};

inline Result<Application::Wanted> Application::configure() { return Wanted(); }

}  // namespace oklo
