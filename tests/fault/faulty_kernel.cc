#include "faulty_kernel.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

// The real kernel under another name: the same source, so that the two cannot drift apart.
#define kernel real_kernel
#include "sys/kernel.cc"
#undef kernel

namespace oklo::faults {

namespace {

struct Plan {
  std::string call;
  int left;  // how many calls to come; 0 has happened
  int number;
};

std::vector<Plan> plans;
std::map<std::string, int, std::less<>> always;
std::map<std::string, int, std::less<>> counts;
uint64_t random_state = 0;  // 0: nothing is cut short

bool matches(const Plan& plan, std::string_view call) {
  constexpr std::string_view kNotAny[] = {"close", "munmap", "unlink", "clock_gettime", "getpid",
                                          "getppid", "geteuid", "gettid", "umask", "kill",
                                          "tgkill"};
  if (plan.call != "*") return plan.call == call;
  return std::find(std::begin(kNotAny), std::end(kNotAny), call) == std::end(kNotAny);
}

// The fault that is planned for this call: a negative errno number, or 0 for none.
long planned(const char* call) {
  counts[call]++;
  long fault = 0;
  for (Plan& plan : plans)
    if (plan.left > 0 && matches(plan, call) && --plan.left == 0) fault = -plan.number;
  if (auto found = always.find(call); found != always.end()) fault = -found->second;
  return fault;
}

// A number below `limit`, by xorshift.
size_t random_below(size_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return static_cast<size_t>(random_state >> 11) % limit;
}

bool one_in(size_t odds) { return random_state != 0 && random_below(odds) == 0; }

// As planned, and EINTR at times: for calls that a signal may interrupt.
long interrupted(const char* call) {
  long fault = planned(call);
  return fault == 0 && one_in(8) ? -EINTR : fault;
}

struct Stream {
  bool may_be_short = false;
  bool may_be_again = false;
  bool may_be_interrupted = true;
};

Stream kind_of(int fd) {
  struct stat info = {};
  if (sys::real_kernel::fstat(fd, &info) < 0) return {};
  if (S_ISREG(info.st_mode)) return {true, false, false};
  long flags = sys::real_kernel::fcntl(fd, F_GETFL, 0);
  bool nonblocking = flags > 0 && (flags & O_NONBLOCK);
  if (S_ISFIFO(info.st_mode)) return {true, nonblocking, true};
  int type = 0;
  socklen_t length = sizeof type;
  if (sys::real_kernel::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return {};
  return {type == SOCK_STREAM, nonblocking, true};
}

// A fault for a read or write, or 0 and perhaps a smaller `size`.
long transfer(const char* call, int fd, size_t& size) {
  if (long fault = planned(call)) return fault;
  if (random_state == 0 || size == 0) return 0;
  Stream kind = kind_of(fd);
  if (kind.may_be_interrupted && one_in(8)) return -EINTR;
  if (kind.may_be_again && one_in(8)) return -EAGAIN;
  if (kind.may_be_short && one_in(2)) size = 1 + random_below(size);
  return 0;
}

// The parts of a vector of bytes, cut after `size` bytes.
std::vector<iovec> cut(const iovec* parts, size_t count, size_t size) {
  std::vector<iovec> out;
  for (size_t i = 0; i < count && size > 0; i++) {
    out.push_back({parts[i].iov_base, std::min(parts[i].iov_len, size)});
    size -= out.back().iov_len;
  }
  return out;
}

size_t total(const iovec* parts, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += parts[i].iov_len;
  return size;
}

}  // namespace

void fail(std::string_view call, int nth, int number) { plans.push_back({std::string(call), nth, number}); }

void fail_always(std::string_view call, int number) { always[std::string(call)] = number; }

// The lowest seeds would give nearly the same course, so the bits are spread first.
void shorten(uint64_t seed) { random_state = (seed + 1) * 0x9e3779b97f4a7c15; }

int count(std::string_view call) {
  auto found = counts.find(call);
  return found == counts.end() ? 0 : found->second;
}

bool all_happened() {
  return std::all_of(plans.begin(), plans.end(), [](const Plan& plan) { return plan.left == 0; });
}

void clear() {
  plans.clear();
  always.clear();
  counts.clear();
  random_state = 0;
}

}  // namespace oklo::faults

namespace oklo::sys::kernel {

// A call that fails as planned and else is made.
#define PASS(name, parameters, arguments)                       \
  long name parameters {                                        \
    if (long fault = faults::planned(#name)) return fault;      \
    return real_kernel::name arguments;                         \
  }

// The same for a call that a signal may interrupt.
#define PASS_OR_INTERRUPT(name, parameters, arguments)          \
  long name parameters {                                        \
    if (long fault = faults::interrupted(#name)) return fault;  \
    return real_kernel::name arguments;                         \
  }

// The same for a read or write of `size` bytes of an fd.
#define PASS_SHORTER(name, fd, parameters, arguments)                   \
  long name parameters {                                                \
    if (long fault = faults::transfer(#name, fd, size)) return fault;   \
    return real_kernel::name arguments;                                 \
  }

PASS_OR_INTERRUPT(accept4, (int fd, sockaddr* address, socklen_t* length, int flags),
                  (fd, address, length, flags))
PASS(bind, (int fd, const sockaddr* address, socklen_t length), (fd, address, length))
PASS(chdir, (const char* path), (path))
PASS(chroot, (const char* path), (path))
PASS(clock_gettime, (clockid_t clock, timespec* out), (clock, out))
PASS(close_range, (unsigned first, unsigned last, unsigned flags), (first, last, flags))
PASS_OR_INTERRUPT(connect, (int fd, const sockaddr* address, socklen_t length), (fd, address, length))
PASS(dup2, (int from, int to), (from, to))
PASS(epoll_create1, (int flags), (flags))
PASS(epoll_ctl, (int epoll_fd, int operation, int fd, epoll_event* event), (epoll_fd, operation, fd, event))
PASS_OR_INTERRUPT(epoll_pwait2, (int epoll_fd, epoll_event* events, int count, const timespec* timeout),
                  (epoll_fd, events, count, timeout))
PASS_OR_INTERRUPT(epoll_wait, (int epoll_fd, epoll_event* events, int count, int timeout_ms),
                  (epoll_fd, events, count, timeout_ms))
PASS(eventfd, (unsigned initial, int flags), (initial, flags))
PASS(fallocate, (int fd, int mode, off_t offset, off_t length), (fd, mode, offset, length))
PASS(fchdir, (int fd), (fd))
PASS(fchmod, (int fd, mode_t mode), (fd, mode))
PASS(fcntl, (int fd, int command, long argument), (fd, command, argument))
PASS_OR_INTERRUPT(flock, (int fd, int operation), (fd, operation))
PASS(fork, (), ())
PASS(fstat, (int fd, struct stat* out), (fd, out))
PASS(fstatat, (int dir, const char* path, struct stat* out, int flags), (dir, path, out, flags))
PASS(ftruncate, (int fd, off_t length), (fd, length))
PASS_OR_INTERRUPT(futex, (const void* word, int operation, unsigned value, const timespec* timeout),
                  (word, operation, value, timeout))
PASS(getcwd, (char* out, size_t size), (out, size))
PASS(getdents64, (int fd, void* out, size_t size), (fd, out, size))
PASS(geteuid, (), ())
PASS(getpeername, (int fd, sockaddr* address, socklen_t* length), (fd, address, length))
PASS(getpid, (), ())
PASS(getppid, (), ())
PASS(getrlimit, (int resource, rlimit* out), (resource, out))
PASS(getrusage, (int whose, rusage* out), (whose, out))
PASS(getsockname, (int fd, sockaddr* address, socklen_t* length), (fd, address, length))
PASS(getsockopt, (int fd, int level, int name, void* value, socklen_t* length),
     (fd, level, name, value, length))
PASS(gettid, (), ())
PASS(ioctl, (int fd, unsigned long request, void* argument), (fd, request, argument))
PASS(kill, (pid_t pid, int signal), (pid, signal))
PASS(linkat, (int from_dir, const char* from, int to_dir, const char* to, int flags),
     (from_dir, from, to_dir, to, flags))
PASS(listen, (int fd, int backlog), (fd, backlog))
PASS(memfd_create, (const char* name, unsigned flags), (name, flags))
PASS(mkfifo, (const char* path, mode_t mode), (path, mode))
PASS(mmap, (void** out, size_t length, int protection, int flags, int fd, off_t offset),
     (out, length, protection, flags, fd, offset))
PASS(munmap, (void* address, size_t length), (address, length))
PASS_OR_INTERRUPT(open, (const char* path, int flags, mode_t mode), (path, flags, mode))
PASS_OR_INTERRUPT(openat, (int dir, const char* path, int flags, mode_t mode), (dir, path, flags, mode))
PASS_OR_INTERRUPT(openat2, (int dir, const char* path, int flags, unsigned long long resolve),
                  (dir, path, flags, resolve))
PASS(pipe2, (int ends[2], int flags), (ends, flags))
PASS_OR_INTERRUPT(poll, (int fd, short events, int timeout_ms), (fd, events, timeout_ms))
PASS_OR_INTERRUPT(poll, (pollfd* entries, size_t count, int timeout_ms), (entries, count, timeout_ms))
PASS(prctl, (int option, unsigned long argument), (option, argument))
PASS_SHORTER(pread, fd, (int fd, void* out, size_t size, off_t offset), (fd, out, size, offset))
PASS(pthread_create, (pthread_t* out, void* (*run)(void*), void* with), (out, run, with))
PASS(pthread_detach, (pthread_t thread), (thread))
PASS(pthread_join, (pthread_t thread), (thread))
PASS(ptrace, (int request, pid_t thread, unsigned long data), (request, thread, data))
PASS_SHORTER(pwrite, fd, (int fd, const void* data, size_t size, off_t offset), (fd, data, size, offset))
PASS_SHORTER(read, fd, (int fd, void* out, size_t size), (fd, out, size))
PASS(readlinkat, (int dir, const char* path, char* out, size_t size), (dir, path, out, size))
PASS_SHORTER(recv, fd, (int fd, void* out, size_t size, int flags), (fd, out, size, flags))
PASS_OR_INTERRUPT(recvmmsg, (int fd, mmsghdr* messages, unsigned count, int flags),
                  (fd, messages, count, flags))
PASS(sched_getaffinity, (size_t bytes, unsigned long* mask), (bytes, mask))
PASS(sched_setaffinity, (size_t bytes, const unsigned long* mask), (bytes, mask))
PASS_OR_INTERRUPT(select, (int count, fd_set* readable, fd_set* writable), (count, readable, writable))
PASS_OR_INTERRUPT(sendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags),
                  (fd, messages, count, flags))
PASS_SHORTER(send, fd, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags))
PASS_SHORTER(sendfile, out, (int out, int in, off_t* offset, size_t size), (out, in, offset, size))
PASS(setgroups, (size_t count, const gid_t* groups), (count, groups))
PASS(setpgid, (pid_t pid, pid_t group), (pid, group))
PASS(setresgid, (gid_t real, gid_t effective, gid_t saved), (real, effective, saved))
PASS(setresuid, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved))
PASS(setrlimit, (int resource, const rlimit* value), (resource, value))
PASS(setsid, (), ())
PASS(setsockopt, (int fd, int level, int name, const void* value, socklen_t length),
     (fd, level, name, value, length))
PASS(shutdown, (int fd, int how), (fd, how))
PASS(sigaction, (int signal, const struct sigaction* action), (signal, action))
PASS(signalfd, (int fd, const sigset_t* mask, int flags), (fd, mask, flags))
PASS(sigprocmask, (int how, const sigset_t* set, sigset_t* old), (how, set, old))
PASS(sigqueue, (pid_t pid, int signal, int value), (pid, signal, value))
PASS_OR_INTERRUPT(sigwaitinfo, (const sigset_t* set, siginfo_t* out), (set, out))
PASS(socket, (int domain, int type, int protocol), (domain, type, protocol))
PASS(socketpair, (int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends))
PASS(tcgetattr, (int fd, termios* out), (fd, out))
PASS(tcsetattr, (int fd, const termios* value), (fd, value))
PASS(tgkill, (pid_t process, pid_t thread, int signal), (process, thread, signal))
PASS(umask, (mode_t mask), (mask))
PASS(unlink, (const char* path), (path))
PASS_OR_INTERRUPT(waitid, (idtype_t type, id_t id, siginfo_t* out, int options), (type, id, out, options))
PASS_SHORTER(write, fd, (int fd, const void* data, size_t size), (fd, data, size))

long close(int fd) {
  long fault = faults::planned("close");
  long result = real_kernel::close(fd);
  return fault ? fault : result;
}

[[noreturn]] void exit_group(int code) { real_kernel::exit_group(code); }

long recvmsg(int fd, msghdr* message, int flags) {
  size_t size = faults::total(message->msg_iov, message->msg_iovlen);
  if (long fault = faults::transfer("recvmsg", fd, size)) return fault;
  std::vector<iovec> parts = faults::cut(message->msg_iov, message->msg_iovlen, size);
  msghdr shorter = *message;
  shorter.msg_iov = parts.data();
  shorter.msg_iovlen = parts.size();
  long result = real_kernel::recvmsg(fd, &shorter, flags);
  message->msg_flags = shorter.msg_flags;
  message->msg_controllen = shorter.msg_controllen;
  message->msg_namelen = shorter.msg_namelen;
  return result;
}

long sendmsg(int fd, const msghdr* message, int flags) {
  size_t size = faults::total(message->msg_iov, message->msg_iovlen);
  if (long fault = faults::transfer("sendmsg", fd, size)) return fault;
  std::vector<iovec> parts = faults::cut(message->msg_iov, message->msg_iovlen, size);
  msghdr shorter = *message;
  shorter.msg_iov = parts.data();
  shorter.msg_iovlen = parts.size();
  return real_kernel::sendmsg(fd, &shorter, flags);
}

long writev(int fd, const iovec* parts, int count) {
  size_t size = faults::total(parts, static_cast<size_t>(count));
  if (long fault = faults::transfer("writev", fd, size)) return fault;
  std::vector<iovec> shorter = faults::cut(parts, static_cast<size_t>(count), size);
  return real_kernel::writev(fd, shorter.data(), static_cast<int>(shorter.size()));
}

}  // namespace oklo::sys::kernel
