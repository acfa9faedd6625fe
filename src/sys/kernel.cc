#include "sys/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <bit>
#include <cstdint>

#include "sys/raw_syscall.h"

namespace oklo::sys::kernel {

namespace {

// The C library answers -1 and sets errno; the kernel answered -errno.
long answer(long result) { return result == -1 ? -errno : result; }

}  // namespace

long accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return answer(::accept4(fd, address, length, flags));
}

long bind(int fd, const sockaddr* address, socklen_t length) { return answer(::bind(fd, address, length)); }

long chdir(const char* path) { return answer(::chdir(path)); }

long chroot(const char* path) { return answer(::chroot(path)); }

long clock_gettime(clockid_t clock, timespec* out) { return answer(::clock_gettime(clock, out)); }

long close(int fd) { return answer(::close(fd)); }

// The C library has had a wrapper only since 2.34.
long close_range(unsigned first, unsigned last, unsigned flags) {
#ifdef SYS_close_range
  return answer(::syscall(SYS_close_range, first, last, flags));
#else
  return first <= last && flags == 0 ? -ENOSYS : -EINVAL;
#endif
}

long connect(int fd, const sockaddr* address, socklen_t length) {
  return answer(::connect(fd, address, length));
}

long dup2(int from, int to) { return answer(::dup2(from, to)); }

long epoll_create1(int flags) { return answer(::epoll_create1(flags)); }

long epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event) {
  return answer(::epoll_ctl(epoll_fd, operation, fd, event));
}

// The C library has had a wrapper only since 2.35. The time is of 64 bits on all machines.
long epoll_pwait2(int epoll_fd, epoll_event* events, int count, const timespec* timeout) {
#ifdef SYS_epoll_pwait2
  const int64_t time[2] = {timeout->tv_sec, timeout->tv_nsec};
  return answer(::syscall(SYS_epoll_pwait2, epoll_fd, events, count, time, nullptr, 0));
#else
  return epoll_fd >= 0 && events && count > 0 && timeout ? -ENOSYS : -EINVAL;
#endif
}

long epoll_wait(int epoll_fd, epoll_event* events, int count, int timeout_ms) {
  if constexpr (raw::kKnown) return raw::call(SYS_epoll_pwait, epoll_fd, events, count, timeout_ms);
  else return answer(::epoll_wait(epoll_fd, events, count, timeout_ms));
}

long eventfd(unsigned initial, int flags) { return answer(::eventfd(initial, flags)); }

void exit_group(int code) { ::_exit(code); }

long fallocate(int fd, int mode, off_t offset, off_t length) {
  return answer(::fallocate(fd, mode, offset, length));
}

long fchdir(int fd) { return answer(::fchdir(fd)); }

long fchmod(int fd, mode_t mode) { return answer(::fchmod(fd, mode)); }

long fcntl(int fd, int command, long argument) { return answer(::fcntl(fd, command, argument)); }

long flock(int fd, int operation) { return answer(::flock(fd, operation)); }

long fork() { return answer(::fork()); }

long fstat(int fd, struct stat* out) { return answer(::fstat(fd, out)); }

long fstatat(int dir, const char* path, struct stat* out, int flags) {
  return answer(::fstatat(dir, path, out, flags));
}

long ftruncate(int fd, off_t length) { return answer(::ftruncate(fd, length)); }

// The C library has no wrapper. The system call of this number takes the time as two longs on all machines.
long futex(const void* word, int operation, unsigned value, const timespec* timeout) {
  long time[2] = {};
  if (timeout) {
    time[0] = static_cast<long>(timeout->tv_sec);
    time[1] = static_cast<long>(timeout->tv_nsec);
  }
  return answer(::syscall(SYS_futex, word, operation, value, timeout ? time : nullptr, nullptr, 0));
}

long getcwd(char* out, size_t size) { return answer(::syscall(SYS_getcwd, out, size)); }

long getdents64(int fd, void* out, size_t size) { return answer(::getdents64(fd, out, size)); }

long geteuid() { return static_cast<long>(::geteuid()); }

long getpeername(int fd, sockaddr* address, socklen_t* length) {
  return answer(::getpeername(fd, address, length));
}

long getpid() { return ::getpid(); }

long getppid() { return ::getppid(); }

long getrlimit(int resource, rlimit* out) {
  return answer(::getrlimit(static_cast<__rlimit_resource>(resource), out));
}

long getrusage(int whose, rusage* out) {
  return answer(::getrusage(static_cast<__rusage_who>(whose), out));
}

long getsockname(int fd, sockaddr* address, socklen_t* length) {
  return answer(::getsockname(fd, address, length));
}

long getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  return answer(::getsockopt(fd, level, name, value, length));
}

// The C library has had wrappers of this and of tgkill only since 2.30.
long gettid() { return ::syscall(SYS_gettid); }

long ioctl(int fd, unsigned long request, void* argument) { return answer(::ioctl(fd, request, argument)); }

long kill(pid_t pid, int signal) { return answer(::kill(pid, signal)); }

long linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) {
  return answer(::linkat(from_dir, from, to_dir, to, flags));
}

long listen(int fd, int backlog) { return answer(::listen(fd, backlog)); }

// The C library has had a wrapper only since 2.27.
long memfd_create(const char* name, unsigned flags) {
  return answer(::syscall(SYS_memfd_create, name, flags));
}

long mkfifo(const char* path, mode_t mode) { return answer(::mkfifo(path, mode)); }

long mmap(void** out, size_t length, int protection, int flags, int fd, off_t offset) {
  void* address = ::mmap(nullptr, length, protection, flags, fd, offset);
  if (address == MAP_FAILED) return -errno;
  *out = address;
  return 0;
}

long munmap(void* address, size_t length) { return answer(::munmap(address, length)); }

long open(const char* path, int flags, mode_t mode) { return answer(::open(path, flags, mode)); }

long openat(int dir, const char* path, int flags, mode_t mode) {
  return answer(::openat(dir, path, flags, mode));
}

// The C library has no wrapper, and older kernel headers have neither the number nor the struct.
long openat2(int dir, const char* path, int flags, unsigned long long resolve) {
#ifdef SYS_openat2
  struct {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
  } how = {static_cast<unsigned>(flags), 0, resolve};
  return answer(::syscall(SYS_openat2, dir, path, &how, sizeof how));
#else
  return dir >= 0 && path && flags >= 0 && resolve != 0 ? -ENOSYS : -EINVAL;
#endif
}

long pipe2(int ends[2], int flags) { return answer(::pipe2(ends, flags)); }

long poll(int fd, short events, int timeout_ms) {
  pollfd entry = {fd, events, 0};
  return answer(::poll(&entry, 1, timeout_ms));
}

long poll(pollfd* entries, size_t count, int timeout_ms) {
  return answer(::poll(entries, count, timeout_ms));
}

long prctl(int option, unsigned long argument) { return answer(::prctl(option, argument, 0ul, 0ul, 0ul)); }

long pread(int fd, void* out, size_t size, off_t offset) { return answer(::pread(fd, out, size, offset)); }

// The C library answers the errno number itself.
long pthread_create(pthread_t* out, void* (*run)(void*), void* with) {
  return -::pthread_create(out, nullptr, run, with);
}

long pthread_detach(pthread_t thread) { return -::pthread_detach(thread); }

long pthread_join(pthread_t thread) { return -::pthread_join(thread, nullptr); }

// The C library takes the request as a type of its own.
long ptrace(int request, pid_t thread, unsigned long data) {
  return answer(::syscall(SYS_ptrace, request, thread, nullptr, data));
}

long pwrite(int fd, const void* data, size_t size, off_t offset) {
  return answer(::pwrite(fd, data, size, offset));
}

long read(int fd, void* out, size_t size) { return answer(::read(fd, out, size)); }

long readlinkat(int dir, const char* path, char* out, size_t size) {
  return answer(::readlinkat(dir, path, out, size));
}

long recv(int fd, void* out, size_t size, int flags) {
  if constexpr (raw::kKnown) return raw::call(SYS_recvfrom, fd, out, size, flags);
  else return answer(::recv(fd, out, size, flags));
}

long recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return answer(::recvmmsg(fd, messages, count, flags, nullptr));
}

long recvmsg(int fd, msghdr* message, int flags) { return answer(::recvmsg(fd, message, flags)); }

// The system call and not the C library's wrapper, which hides how many bytes of the mask were written.
long sched_getaffinity(size_t bytes, unsigned long* mask) {
  return answer(::syscall(SYS_sched_getaffinity, 0, bytes, mask));
}

long sched_setaffinity(size_t bytes, const unsigned long* mask) {
  return answer(::syscall(SYS_sched_setaffinity, 0, bytes, mask));
}

long select(int count, fd_set* readable, fd_set* writable) {
  return answer(::select(count, readable, writable, nullptr, nullptr));
}

long send(int fd, const void* data, size_t size, int flags) {
  if constexpr (raw::kKnown) return raw::call(SYS_sendto, fd, data, size, flags);
  else return answer(::send(fd, data, size, flags));
}

long sendfile(int out, int in, off_t* offset, size_t count) {
  return answer(::sendfile(out, in, offset, count));
}

long sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return answer(::sendmmsg(fd, messages, count, flags));
}

long sendmsg(int fd, const msghdr* message, int flags) { return answer(::sendmsg(fd, message, flags)); }

long setgroups(size_t count, const gid_t* groups) { return answer(::setgroups(count, groups)); }

long setpgid(pid_t pid, pid_t group) { return answer(::setpgid(pid, group)); }

long setresgid(gid_t real, gid_t effective, gid_t saved) {
  return answer(::setresgid(real, effective, saved));
}

long setresuid(uid_t real, uid_t effective, uid_t saved) {
  return answer(::setresuid(real, effective, saved));
}

long setrlimit(int resource, const rlimit* value) {
  return answer(::setrlimit(static_cast<__rlimit_resource>(resource), value));
}

long setsid() { return answer(::setsid()); }

long setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  return answer(::setsockopt(fd, level, name, value, length));
}

long shutdown(int fd, int how) { return answer(::shutdown(fd, how)); }

long sigaction(int signal, const struct sigaction* action) {
  return answer(::sigaction(signal, action, nullptr));
}

long signalfd(int fd, const sigset_t* mask, int flags) { return answer(::signalfd(fd, mask, flags)); }

long sigprocmask(int how, const sigset_t* set, sigset_t* old) { return answer(::sigprocmask(how, set, old)); }

long sigqueue(pid_t pid, int signal, int value) {
  sigval carried = {};
  carried.sival_int = value;
  return answer(::sigqueue(pid, signal, carried));
}

long sigwaitinfo(const sigset_t* set, siginfo_t* out) { return answer(::sigwaitinfo(set, out)); }

long socket(int domain, int type, int protocol) { return answer(::socket(domain, type, protocol)); }

long socketpair(int domain, int type, int protocol, int ends[2]) {
  return answer(::socketpair(domain, type, protocol, ends));
}

long tcgetattr(int fd, termios* out) { return answer(::tcgetattr(fd, out)); }

long tcsetattr(int fd, const termios* value) { return answer(::tcsetattr(fd, TCSANOW, value)); }

long tgkill(pid_t process, pid_t thread, int signal) {
  return answer(::syscall(SYS_tgkill, process, thread, signal));
}

long umask(mode_t mask) { return static_cast<long>(::umask(mask)); }

long unlink(const char* path) { return answer(::unlink(path)); }

long waitid(idtype_t type, id_t id, siginfo_t* out, int options) {
  return answer(::waitid(type, id, out, options));
}

long write(int fd, const void* data, size_t size) { return answer(::write(fd, data, size)); }

long writev(int fd, const iovec* parts, int count) { return answer(::writev(fd, parts, count)); }

}  // namespace oklo::sys::kernel
