#include "sys/process.h"

#include <fcntl.h>
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>

#include "base/number.h"
#include "sys/file.h"
#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

constexpr size_t kProcBytesMax = 64 * 1024;

Result<void> done_or(long result, std::string_view what) {
  if (result < 0) return system_error(static_cast<int>(-result), what);
  return {};
}

std::optional<TaskStatus> status_in(const std::string& folder) {
  Result<std::string> text = read_file(folder + "/status", kProcBytesMax);
  return text ? parse_status(*text) : std::nullopt;
}

// The word with the given place in a text of words that are separated by single spaces.
std::string_view word_at(std::string_view text, int place) {
  for (; place > 0 && !text.empty(); place--) text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
  return text.substr(0, text.find(' '));
}

// A set of processors, as large as the kernel's largest.
struct Processors {
  static constexpr unsigned kWordBits = 8 * sizeof(unsigned long);
  unsigned long words[8192 / kWordBits] = {};

  unsigned count() const {
    unsigned sum = 0;
    for (unsigned long word : words) sum += static_cast<unsigned>(std::popcount(word));
    return sum;
  }
  // Becomes the n-th of the others alone.
  void take_nth(const Processors& others, unsigned n) {
    for (unsigned bit = 0; bit < 8192; bit++)
      if (unsigned long mask = 1ul << bit % kWordBits; others.words[bit / kWordBits] & mask && n-- == 0)
        words[bit / kWordBits] = mask;
  }
};

ChildEvent::Kind kind_of(int code) {
  switch (code) {
    case CLD_EXITED: return ChildEvent::Kind::exited;
    case CLD_STOPPED:
    case CLD_TRAPPED: return ChildEvent::Kind::stopped;
    case CLD_CONTINUED: return ChildEvent::Kind::continued;
    default: return ChildEvent::Kind::killed;
  }
}

}  // namespace

pid_t current_pid() { return static_cast<pid_t>(kernel::getpid()); }

pid_t current_thread() { return static_cast<pid_t>(kernel::gettid()); }

uid_t effective_uid() { return static_cast<uid_t>(kernel::geteuid()); }

Result<pid_t> fork_process() {
  long pid = kernel::fork();
  if (pid < 0) return system_error(static_cast<int>(-pid), "cannot start a process");
  return static_cast<pid_t>(pid);
}

std::string ChildEvent::how() const {
  return (kind == Kind::killed ? "was killed by signal " : "exited with ") +
         decimal(static_cast<uint64_t>(status));
}

std::optional<ChildEvent> next_child_event() {
  siginfo_t info = {};
  constexpr int kOptions = WEXITED | WSTOPPED | WCONTINUED | WNOHANG;
  if (retry([&] { return kernel::waitid(P_ALL, 0, &info, kOptions); }) < 0) return std::nullopt;
  if (info.si_pid == 0) return std::nullopt;
  return ChildEvent{info.si_pid, kind_of(info.si_code), info.si_status};
}

std::optional<ChildEvent> wait_for_child() {
  siginfo_t info = {};
  if (retry([&] { return kernel::waitid(P_ALL, 0, &info, WEXITED); }) < 0) return std::nullopt;
  return ChildEvent{info.si_pid, kind_of(info.si_code), info.si_status};
}

void leave_no_zombies() {
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  kernel::sigaction(SIGCHLD, &action);
}

bool is_child(pid_t pid) {
  siginfo_t info = {};
  return kernel::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) >= 0;
}

void wait_for_end(pid_t child) {
  siginfo_t info = {};
  retry([&] { return kernel::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT); });
}

std::optional<ChildEvent> reap(pid_t child) {
  siginfo_t info = {};
  if (retry([&] { return kernel::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED); }) < 0)
    return std::nullopt;
  return ChildEvent{info.si_pid, kind_of(info.si_code), info.si_status};
}

void send_signal(pid_t pid, int signal) { kernel::kill(pid, signal); }

void send_signal(pid_t pid, pid_t thread, int signal) { kernel::tgkill(pid, thread, signal); }

void lead_group(pid_t pid) { kernel::setpgid(pid, 0); }

void signal_group(pid_t group, int signal) { kernel::kill(-group, signal); }

void become_subreaper() { kernel::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void die_with_parent(pid_t parent) { signal_with_parent(parent, SIGKILL); }

void signal_with_parent(pid_t parent, int signal) {
  kernel::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal));
  if (kernel::getppid() != parent) kernel::kill(current_pid(), signal);
}

void outlive_parent() { kernel::prctl(PR_SET_PDEATHSIG, 0); }

// The groups go first and the user last: only root may change the others.
Result<void> become_user(uid_t uid, gid_t gid, const std::vector<gid_t>& others) {
  std::vector<gid_t> groups = others;
  groups.insert(groups.begin(), gid);
  long result = kernel::setgroups(groups.size(), groups.data());
  if (result >= 0) result = kernel::setresgid(gid, gid, gid);
  if (result >= 0) result = kernel::setresuid(uid, uid, uid);
  return done_or(result, "cannot become user " + decimal(uid) + ", group " + decimal(gid));
}

uint64_t raise_file_limit(uint64_t wanted) {
  constexpr uint64_t kUsualMost = 1u << 20;  // for root, fs.nr_open of proc(5)
  rlimit limit = {};
  if (kernel::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  for (uint64_t most : {wanted, std::min(wanted, kUsualMost), uint64_t{limit.rlim_max}}) {
    most = std::max<uint64_t>(most, limit.rlim_max);
    rlimit raised = {static_cast<rlim_t>(most), static_cast<rlim_t>(most)};
    if (kernel::setrlimit(RLIMIT_NOFILE, &raised) >= 0) break;
  }
  return file_limit();
}

uint64_t file_limit() {
  rlimit limit = {};
  return kernel::getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

Result<void> lower_file_limit(uint64_t limit) {
  rlimit lowered = {};
  long result = kernel::getrlimit(RLIMIT_NOFILE, &lowered);
  lowered.rlim_cur = std::min(lowered.rlim_cur, static_cast<rlim_t>(limit));
  if (result >= 0) result = kernel::setrlimit(RLIMIT_NOFILE, &lowered);
  return done_or(result, "cannot lower the limit of open files");
}

unsigned usable_processors() {
  Processors usable;
  long bytes = kernel::sched_getaffinity(sizeof usable.words, usable.words);
  return bytes < 0 ? 1 : std::max(1u, usable.count());
}

Result<void> pin_to_processor(unsigned n) {
  Processors usable, one;
  long result = kernel::sched_getaffinity(sizeof usable.words, usable.words);
  if (result >= 0) {
    one.take_nth(usable, n % std::max(1u, usable.count()));
    result = kernel::sched_setaffinity(sizeof one.words, one.words);
  }
  return done_or(result, "cannot stay on one processor");
}

Result<void> new_session() { return done_or(kernel::setsid(), "cannot start a session"); }

mode_t set_umask(mode_t mask) { return static_cast<mode_t>(kernel::umask(mask)); }

Result<void> change_directory(const char* path) {
  return done_or(kernel::chdir(path), std::string("cannot change to directory ") + path);
}

void exit_now(int code) { kernel::exit_group(code); }

std::string proc_folder(pid_t pid) { return "/proc/" + decimal(static_cast<uint64_t>(pid)); }

ProcessInfo process_info(pid_t pid) {
  ProcessInfo info;
  std::string folder = proc_folder(pid);
  if (Result<std::string> statm = read_file(folder + "/statm", kProcBytesMax)) {
    uint64_t resident = parse_decimal(word_at(*statm, 1)).value_or(0);
    uint64_t shared = parse_decimal(word_at(*statm, 2)).value_or(0);
    uint64_t page_kib = static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
    info.private_kib = resident > shared ? (resident - shared) * page_kib : 0;
  }
  // The state follows the name, which may hold spaces and parentheses.
  if (Result<std::string> stat = read_file(folder + "/stat", kProcBytesMax))
    info.stopped = std::string_view(*stat).substr(stat->rfind(')') + 1).starts_with(" T");
  return info;
}

std::optional<TaskStatus> process_status(pid_t pid) { return status_in(proc_folder(pid)); }

std::optional<TaskStatus> thread_status(pid_t pid, pid_t thread) {
  return status_in(proc_folder(pid) + "/task/" + decimal(static_cast<uint64_t>(thread)));
}

// The kernel gives the lowest free number; with O_PATH nothing can be read or written.
void hold_std_fds() {
  long fd = 0;
  while (fd >= 0 && fd <= 2) fd = kernel::open("/", O_PATH, 0);
  Fd(static_cast<int>(fd)).reset();
}

Result<void> detach_std_fds() {
  Fd null(static_cast<int>(kernel::open("/dev/null", O_RDWR | O_CLOEXEC, 0)));
  for (int fd = 0; fd <= 2; fd++)
    if (long failed = null ? kernel::dup2(null.get(), fd) : null.get(); failed < 0)
      return system_error(static_cast<int>(-failed), "cannot detach from the terminal");
  return {};
}

}  // namespace oklo::sys
