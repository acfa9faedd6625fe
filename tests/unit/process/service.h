#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <oklo/worker.h>

#include "process/control_client.h"
#include "process/master.h"
#include "process/wire_service.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "temp_dir.h"

// What the processes of a test share.
struct Shared {
  std::atomic<int> port = 0;
  std::atomic<bool> fails_to_prepare = false;
  std::atomic<bool> fails_to_start = false;
  std::atomic<int> dies_in_slot = -1;   // after it was ready
  std::atomic<bool> never_drains = false;
  std::atomic<unsigned> starts = 0;
  std::atomic<unsigned> worker_starts = 0;
  std::atomic<unsigned> worker_stops = 0;
  std::atomic<unsigned> worker_errors = 0;
  std::atomic<unsigned> error_number = 0;  // of the last
  std::atomic<int> error_pid = 0;
  std::atomic<int> error_status = 0;
  std::atomic<unsigned> reloads = 0;
  std::atomic<unsigned> messages = 0;
  std::atomic<unsigned> message_from = 99;
  std::atomic<unsigned> message_to = 0;
  std::atomic<unsigned> signals_in_master = 0;
  std::atomic<unsigned> signals_in_workers = 0;
  std::atomic<unsigned> processes = 0;         // lives of processes of the program's own that came to be
  std::atomic<unsigned> begun = 0;             // those that were told to begin
  std::atomic<unsigned> ended = 0;             // those that were told to leave
  std::atomic<unsigned> begun_generation = 0;  // of the last
  std::atomic<int> process_exits_with = -1;    // when it has begun
  std::atomic<bool> process_never_leaves = false;
  WireShared wires;
};

// The service of one worker: to each connection it answers one byte, 'p' with its pid, 'l' with a line in
// the access log; at 'w' it hangs until the other end of the gate is closed.
class EchoWorker final : public oklo::WorkerService, private oklo::EventHandler {
 public:
  EchoWorker(oklo::WorkerContext& context, Shared& shared, int gate)
      : context_(context), shared_(shared), gate_(gate) {}

  oklo::Result<void> start() override {
    if (shared_.fails_to_start) return oklo::Error{0, "the test wants it so"};
    serve(context_.slot);
    if (shared_.dies_in_slot == static_cast<int>(context_.slot)) context_.reactor->post([] { _exit(7); });
    return {};
  }
  void serve(uint32_t slot) override {
    int listener = context_.listeners[0][slot];
    if (context_.reactor->add(listener, oklo::sys::kReadable, *this) < 0) abort();
    served_.push_back(listener);
  }
  void leave(uint32_t slot) override {
    context_.reactor->remove(context_.listeners[0][slot]);
    std::erase(served_, context_.listeners[0][slot]);
  }
  void drain(oklo::DrainMode, uint64_t) override {
    for (int listener : served_) context_.reactor->remove(listener);
    served_.clear();
    if (!shared_.never_drains) context_.drained();
  }
  void reopen_log(oklo::LogSink log) override { context_.access_log = log; }

 private:
  void on_event(uint32_t) override {
    for (int listener : served_) {
      oklo::sys::Address peer;
      oklo::sys::Fd client(static_cast<int>(oklo::sys::accept_connection(listener, peer)));
      if (client) answer(client.get());
    }
  }
  void answer(int fd) {
    char what = 0;
    pollfd readable = {fd, POLLIN, 0};
    if (poll(&readable, 1, -1) != 1 || read(fd, &what, 1) != 1) return;
    if (what == 'l') (void)!write(context_.access_log.fd, "line\n", 5);
    if (what == 'w') (void)!read(gate_, &what, 1);
    int pid = getpid();
    (void)!write(fd, &pid, sizeof pid);
    context_.row->requests.add(1);
  }

  oklo::WorkerContext& context_;
  Shared& shared_;
  int gate_;
  std::vector<int> served_;
};

// A process of the program's own, which does nothing.
class IdleProcess final : public oklo::WorkerService {
 public:
  IdleProcess(oklo::WorkerContext& context, Shared& shared) : context_(context), shared_(shared) {}

  oklo::Result<void> start() override {
    if (!context_.listeners.empty() || context_.access_log.fd >= 0) abort();
    shared_.processes++;
    return {};
  }
  void serve(uint32_t) override {
    shared_.begun_generation = oklo::generation();
    shared_.begun++;
    if (int code = shared_.process_exits_with; code >= 0) context_.reactor->post([code] { _exit(code); });
  }
  void leave(uint32_t) override {}
  void drain(oklo::DrainMode, uint64_t) override {
    shared_.ended++;
    if (!shared_.process_never_leaves) context_.drained();
  }
  void reopen_log(oklo::LogSink) override { abort(); }

 private:
  oklo::WorkerContext& context_;
  Shared& shared_;
};

// A master with EchoWorkers in a process of its own. What it writes to stderr goes to a file.
class Service final : private oklo::Application {
 public:
  explicit Service(oklo::MasterOptions options = {}) : options_(std::move(options)) {
    void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = new (memory) Shared;
    for (auto& ends : {gate_, alive_})
      if (pipe2(ends, O_CLOEXEC) != 0) abort();
    if (options_.listen.empty()) options_.listen.push_back({"127.0.0.1:0", false});
    if (options_.workers == 0) options_.workers = 3;
    if (options_.control.empty()) options_.control = directory_ / "control";
    if (options_.user.empty()) options_.user = std::to_string(getuid());
  }
  // Two signals of the kind: the second one ends all at once.
  ~Service() {
    for (int number : {SIGTERM, SIGINT})
      if (pid_) kill(pid_, number);
    if (pid_) waitpid(pid_, nullptr, 0);
    for (int fd : {gate_[0], gate_[1], alive_[0], alive_[1]}) close(fd);
    munmap(shared_, sizeof(Shared));
  }

  Shared& shared() { return *shared_; }
  const TempDir& directory() const { return directory_; }
  int pid() const { return pid_; }

  // Its master will be process 1 of a namespace. Only root may ask for that.
  void in_namespace() { is_process_1_ = true; }

  Service& start() {
    pid_ = fork();
    if (pid_ == 0) run();
    close(alive_[1]);
    alive_[1] = -1;
    return *this;
  }
  // Starts it and waits until it is up.
  Service& up() {
    start();
    until([this] { return shared_->port != 0; });
    return *this;
  }
  void signal(int number) { kill(pid_, number); }
  void open_gate() {
    close(gate_[1]);
    gate_[1] = -1;
  }

  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  // Waits until no process of it is left.
  bool all_gone() {
    char byte;
    pollfd end = {alive_[0], POLLIN, 0};
    return poll(&end, 1, 10'000) == 1 && read(alive_[0], &byte, 1) == 0;
  }

  oklo::ControlAnswer command(std::string_view text) {
    oklo::Result<oklo::ControlAnswer> answer = oklo::send_command(options_.control, text);
    return answer ? *answer : oklo::ControlAnswer{false, answer.error().text};
  }
  std::string status() { return command("status json").text; }
  bool status_has(std::string_view part) { return status().find(part) != std::string::npos; }
  // The pid of the one worker of the slot.
  int worker(unsigned number) { return pid_behind("{\"worker\":" + std::to_string(number) + ",\"pid\":"); }
  // That of the process with that name and number.
  int process(const std::string& name, unsigned number) {
    return pid_behind("{\"process\":\"" + name + "\",\"number\":" + std::to_string(number) + ",\"pid\":");
  }
  int pid_behind(const std::string& mark) {
    std::string json = status();
    size_t at = json.find(mark);
    return at == json.npos ? 0 : atoi(json.c_str() + at + mark.size());
  }
  std::string log() { return oklo::sys::read_file(directory_ / "stderr", 1 << 20).value(); }

  // A new connection that says `what`; what connect_and_wait is for.
  oklo::sys::Fd connect(char what) {
    auto address = oklo::sys::Address::parse("127.0.0.1:" + std::to_string(shared_->port)).value();
    oklo::sys::Fd fd = oklo::sys::connect_to(address).value();
    timeval limit = {10, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(write(fd.get(), &what, 1) == 1);
    return fd;
  }
  // The pid that answered, 0 when none did.
  int ask(char what = 'p') {
    oklo::sys::Fd fd = connect(what);
    int pid = 0;
    return read(fd.get(), &pid, sizeof pid) == sizeof pid ? pid : 0;
  }

  // Asks until it is so, at most ten seconds.
  template <class Condition>
  static void until(Condition condition) {
    timeval start, now;
    gettimeofday(&start, nullptr);
    do {
      if (condition()) return;
      poll(nullptr, 0, 2);
      gettimeofday(&now, nullptr);
    } while (now.tv_sec - start.tv_sec < 10);
    FAIL("waited too long");
  }

 private:
  [[noreturn]] void run() {
    close(gate_[1]);
    close(alive_[0]);
    int log = open((directory_ / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(log, STDERR_FILENO);
    if (is_process_1_) enter_namespace();
    _exit(run_master(options_, *this));
  }
  // Goes on in the first process of a new namespace; this one waits for it.
  void enter_namespace() {
    if (unshare(CLONE_NEWPID) != 0) abort();
    pid_t inner = fork();
    if (inner == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      return;
    }
    close(alive_[1]);
    int status = 0;
    waitpid(inner, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
  }
  oklo::Result<void> prepare(std::vector<int>& keep) override {
    if (shared_->fails_to_prepare) return oklo::Error{ENOENT, "there is no such test"};
    keep = {gate_[0], alive_[1]};
    return {};
  }
  std::unique_ptr<oklo::WorkerService> make_service(oklo::WorkerContext& context) override {
    using Role = oklo::Role;
    if (context.role == Role::gate_thread) return std::make_unique<WireGate>(context, shared_->wires);
    if (!context.is_worker()) return std::make_unique<IdleProcess>(context, *shared_);
    shared_->starts++;
    if (context.wires && !shared_->fails_to_start)
      return std::make_unique<WireWorker>(context, shared_->wires);
    return std::make_unique<EchoWorker>(context, *shared_, gate_[0]);
  }
  void on_up(const std::vector<oklo::sys::Address>& addresses) override {
    oklo::send_message(2, "hello");
    shared_->port = addresses[0].port();
  }

  void on_worker_start(uint32_t) override { shared_->worker_starts++; }
  void on_worker_stop(uint32_t) override { shared_->worker_stops++; }
  void on_worker_error(uint32_t number, int32_t pid, int status) override {
    shared_->error_number = number;
    shared_->error_pid = pid;
    shared_->error_status = status;
    shared_->worker_errors++;
    if (options_.has_gate) hang(shared_->wires);
  }
  void on_reload() override { shared_->reloads++; }
  void on_message(uint32_t from, std::string_view) override {
    shared_->message_from = from;
    shared_->message_to = oklo::worker_number();
    shared_->messages++;
  }
  void on_signal(int) override {
    (oklo::worker_number() ? shared_->signals_in_workers : shared_->signals_in_master)++;
  }

  TempDir directory_;
  oklo::MasterOptions options_;
  Shared* shared_;
  int gate_[2];
  int alive_[2];  // its reading end is at its end when all processes are gone
  pid_t pid_ = 0;
  bool is_process_1_ = false;
};
