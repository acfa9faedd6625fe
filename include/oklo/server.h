#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/address_limits.h>
#include <oklo/co_stream.h>
#include <oklo/datagram.h>
#include <oklo/dispatch.h>
#include <oklo/limits.h>
#include <oklo/process.h>
#include <oklo/router.h>
#include <oklo/stream.h>
#include <oklo/task_handler.h>

namespace oklo {

// The version of the library, as "0.1.0".
std::string_view version();

// How requests are logged.
enum class LogFormat : uint8_t { common, json };

// Where a signal of the program's own is heard.
enum class SignalPlace : uint8_t { master, workers };

// What the master does about a worker that is stuck in a handler.
enum class WatchdogAction : uint8_t {
  log,      // tells it, with its stack, in the error log
  replace,  // and then kills it, so that another takes its place; a gate with all its connections
};

// Who owns the connections of clients.
enum class ServerMode : uint8_t {
  base,     // the workers: each accepts, reads, runs the handlers and writes
  process,  // a gate, one process with some reactor threads, which tells the workers what comes; so a worker
            // that dies, or is replaced, closes no connection
};

struct ServerOptions {
  ServerMode mode = ServerMode::base;  // what the environment says as OKLO_MODE (base, process) is stronger
  unsigned workers = 0;             // processes that serve; 0: one for each processor this process may use
  std::string user = {};            // whom the workers run as, a name or number; empty as root: 65534
  std::string group = {};           // with which group, a name or number; empty: that of the user, or 65534
  std::string chroot = {};          // the root directory of all processes but the master, where paths of
                                    // routes begin, but not those of control, pid_file and logs; empty: as is
  std::string control = {};  // path of the control socket; empty: oklo-PORT.sock in /run or
                             // $XDG_RUNTIME_DIR; "off"
  std::string pid_file = {};        // empty: none
  bool daemon = false;  // detach from the terminal; run returns in the parent when the service is up
  std::string error_log = "stderr";  // "off", "stderr", "syslog", "syslog:FACILITY", "syslog:/PATH",
                                     // "syslog:FACILITY:/PATH" or a path; it takes the place of stderr
  std::string access_log = "off";    // the same; "stderr" is that of the process that was started
  LogFormat access_log_format = LogFormat::common;
  uint32_t shutdown_timeout_ms = 30'000;  // how long a graceful stop may take, and a worker after a reload
  uint32_t connections_max = 0;     // of all workers together; 0: as many as the limit of open files allows,
                                    // which root raises for a number
  AddressLimits per_address = {};   // what one address may do on the whole host
  uint64_t max_requests = 0;  // a worker that has handled so many requests, messages of streams and of
                              // WebSockets, and datagrams is replaced, its successor first; each stays for
                              // up to a quarter more, so that not all leave at once; 0: never
  bool affinity = false;      // worker i runs on the i-th processor that may be used, and on no other
  uint32_t watchdog_ms = 0;   // a worker that is busy for longer without coming back to its Reactor is stuck:
                              // the master says so in the log, and the worker tells its stack; 0: never. In
                              // process mode a thread of the gate and the manager, too
  WatchdogAction watchdog_action = WatchdogAction::log;
  unsigned task_workers = 0;  // processes that run tasks, one at a time each
  uint32_t task_queue = 1024;  // tasks that may be under way: waiting, running, or with a result that whoever
                               // asked has not taken yet
  uint32_t task_bytes_max = 1u << 20;  // of what a task is asked with, and of its result; they lie in memory,
                                       // where each task of a full queue may take twice that
  uint64_t task_max_requests = 0;      // as max_requests, for the tasks of a task worker
  unsigned reactor_threads = 0;  // of the gate, in process mode; 0: half as many as processors may be used
  Dispatch dispatch = Dispatch::connection;  // which worker gets a message; in process mode
  OnWorkerDeath on_worker_death = OnWorkerDeath::close;  // what becomes of the message that it was handling
  bool debug_single = false;  // for debuggers: one worker in the process that calls run, and no other one:
                              // workers, user, group, chroot, control, pid_file, daemon, processes and
                              // task_workers count for nothing

  friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

// A supervised server: a master process and its workers. Add what it serves, then run.
struct Reconfiguration;

class Server {
 public:
  explicit Server(ServerOptions options = {});
  Server(Server&&) noexcept;
  ~Server();

  // Serves HTTP on an address: "8080" or ":8080" (all addresses), "127.0.0.1:8080", "[::1]:8080",
  // "unix:/path"; "fd:NAME" or "fd:3" for a socket that a service manager has passed (sd_listen_fds(3)),
  // which is also used for its own address. Errors show when run is called. Whoever may reach the directory
  // of a unix socket may connect.
  void http(std::string_view address, Router router, HttpLimits limits = {});

  // Serves raw streams over TCP or a unix socket, addresses as for http.
  void tcp(std::string_view address, StreamHandlers handlers, StreamOptions options = {});
  // The same, with a coroutine for each connection: a function of (Stream) that gives a Co<void>. See Stream.
  void tcp(std::string_view address, StreamCoroutine serve, StreamOptions options = {});

  // Serves datagrams over UDP or a unix datagram socket, addresses as for http.
  void udp(std::string_view address, DatagramHandlers handlers, DatagramOptions options = {});

  // Keeps a process of the program's own beside the workers: forked and watched by the master as they are,
  // with their rights, a title ("oklo: NAME") and a Reactor of its own, but without listeners. `start` is
  // called in it once, when the workers serve; all of <oklo/worker.h> works there, and rooms, send_to and
  // clients do. When it returns, the process goes on with what it has set up: timers, watched
  // fds, messages. It may as well never return. Then it hears nothing, neither signals nor that it is to
  // leave: it is killed when shutdown_timeout_ms is over, or at once when the master dies.
  //
  // One that dies or exits is started again, later and later when it does so again and again. A reload
  // replaces it: the next one begins when the workers of its generation serve, and the old one is told to
  // leave at the same time. None of on_worker_start, _stop and _error is called for it. Names have 1 to 31
  // bytes of ASCII without blanks and need not differ.
  void process(std::string_view name, Function<void()> start, ProcessOptions options = {});

  // What Dispatch::function asks, in process mode.
  void on_dispatch(DispatchFunction function);

  // Declares a kind of tasks: oklo::task of <oklo/task.h> asks for them. The handler is called in a task
  // worker and may wait as long as it likes: a process with the rights and the Reactor of a worker and a
  // title ("oklo: task worker 1"), without listeners. Rooms, send_to and the like (<oklo/connection_id.h>)
  // work there: what a handler sends leaves at once, so a task may tell how far it is. Clients, coroutines
  // and all of <oklo/worker.h> go on when a handler has returned: between two tasks, or while one waits for
  // them (Task::later). Names have 1 to 31 bytes of ASCII without blanks.
  //
  // Task workers are watched and replaced as workers are. A reload replaces them: the old ones finish what
  // they run, for shutdown_timeout_ms at most (less when more than four generations drain), then they are
  // killed, and TaskOptions::on_death says what becomes of their tasks. What is queued goes to the new ones.
  // A stop of the server does the same, and what is queued ends with TaskState::stopped.
  void task(std::string_view name, TaskHandler handler, TaskOptions options = {});
  // Called in a worker, process or task worker in which oklo::task was refused because the queue was full,
  // when there is room again.
  void on_task_drain(Function<void()> function);

  // Called in the master when the service is up, with the addresses it listens on, in the order of the
  // calls of http and with the port that the kernel chose for port 0.
  void on_up(Function<void(const std::vector<std::string>& addresses)> function);

  // Called in each worker with its number (worker_number), when all is ready and before its first request:
  // also in one that replaces another.
  void on_worker_start(Function<void(unsigned number)> function);
  // Called in a worker that was told to leave, when its last connection is gone or the time is over. One that
  // dies or is killed is not asked.
  void on_worker_stop(Function<void(unsigned number)> function);
  // Called in the master, in process mode in the manager, when a worker ended that should not have: it died,
  // or it was killed because it did not answer. In base mode its connections are gone. `wait_status` is that
  // of waitpid(2). Another is started in its place without being asked for.
  void on_worker_error(Function<void(unsigned number, int pid, int wait_status)> function);
  // Called in a worker, or a process of the program's own, for each message that another one, or the master
  // (from 0), has sent to it with send_message; `bytes` are borrowed. Without it there are no messages.
  void on_message(Function<void(unsigned from, std::string_view bytes)> function);
  // Called in the master, or in every worker and process, for a signal of the program's own, as an event
  // among others. One for the workers that comes to the master is passed on to all of them. Free are
  // SIGRTMIN+2 to SIGRTMAX, SIGALRM, SIGVTALRM, SIGWINCH, SIGURG and SIGIO: any other is an error of run. A
  // signal has one place and one function, those that were given last.
  void on_signal(int signal, SignalPlace place, Function<void(int signal)> function);
  // Called in the master, in process mode in the manager, when a reload begins, before the new workers are
  // forked: what it changes in memory, they have.
  void on_reload(Function<void()> function);
  // Called in the master at each reload that HUP or `oklo reload` asks for, and for `oklo diff`: reads the
  // configuration of the program again, and says what the service is to become (Reconfiguration). Without it
  // such a reload replaces the workers alone, as USR1 always does.
  void on_configure(Function<Reconfiguration()> function);

  // Serves until it is told to stop. 0 after a stop, else after one line on stderr: 1 failed, 100 wrong
  // options, 111 a temporary failure such as an address in use.
  int run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What Server::on_configure gives.
//
// The next server may have other addresses, services, handlers, workers, limits, users and logs, and the
// other mode: it is opened and started beside the one that serves, must be well for a moment, and takes over;
// no connection is lost that waits at an address which both have. Those that are open stay with the old
// workers, which have ServerOptions::shutdown_timeout_ms to leave. When anything of that fails, all goes on
// as before, and whoever asked is told why. `control`, `pid_file` and `daemon` stay as run found them, and so
// does on_configure. Its on_up is called when it has taken over.
struct Reconfiguration {
  std::optional<Server> server = {};  // none: it stays as it is, and the workers alone are replaced
  std::string changes = {};           // what is different, for a person: lines, for `oklo diff`
  std::string fault = {};             // why the configuration can't be used, for a person; `server` is not
                                      // looked at then
};

}  // namespace oklo
