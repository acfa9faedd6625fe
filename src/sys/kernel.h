#pragma once

// The door to the kernel: one function for each system call that oklo makes, and nothing else in the
// program makes one. Each answers as the kernel does: zero or more on success, a negative errno number
// on failure (intro(2)). The fault tests link another kernel.cc that fails on purpose.

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include <cstddef>

struct pollfd;
struct termios;

namespace oklo::sys::kernel {

long accept4(int fd, sockaddr* address, socklen_t* length, int flags);
long bind(int fd, const sockaddr* address, socklen_t length);
long chdir(const char* path);
long chroot(const char* path);
long clock_gettime(clockid_t clock, timespec* out);
long close(int fd);
long close_range(unsigned first, unsigned last, unsigned flags);
long connect(int fd, const sockaddr* address, socklen_t length);
long dup2(int from, int to);
long epoll_create1(int flags);
long epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event);
// epoll_pwait2(2) without a signal mask.
long epoll_pwait2(int epoll_fd, epoll_event* events, int count, const timespec* timeout);
long epoll_wait(int epoll_fd, epoll_event* events, int count, int timeout_ms);
long eventfd(unsigned initial, int flags);
[[noreturn]] void exit_group(int code);
long fallocate(int fd, int mode, off_t offset, off_t length);
long fchdir(int fd);
long fchmod(int fd, mode_t mode);
long fcntl(int fd, int command, long argument);
long flock(int fd, int operation);
long fork();
long fstat(int fd, struct stat* out);
long fstatat(int dir, const char* path, struct stat* out, int flags);
long ftruncate(int fd, off_t length);
// futex(2), waiting and waking; the time is relative, and null is for ever.
long futex(const void* word, int operation, unsigned value, const timespec* timeout);
long getcwd(char* out, size_t size);
long getdents64(int fd, void* out, size_t size);
long getpeername(int fd, sockaddr* address, socklen_t* length);
long getpid();
long getppid();
long getrlimit(int resource, rlimit* out);
long getrusage(int whose, rusage* out);
long getsockname(int fd, sockaddr* address, socklen_t* length);
long getsockopt(int fd, int level, int name, void* value, socklen_t* length);
long geteuid();
long gettid();
long ioctl(int fd, unsigned long request, void* argument);
long kill(pid_t pid, int signal);
long linkat(int from_dir, const char* from, int to_dir, const char* to, int flags);
long listen(int fd, int backlog);
long memfd_create(const char* name, unsigned flags);
long mkfifo(const char* path, mode_t mode);
long mmap(void** out, size_t length, int protection, int flags, int fd, off_t offset);
long munmap(void* address, size_t length);
long open(const char* path, int flags, mode_t mode);
long openat(int dir, const char* path, int flags, mode_t mode);
// openat2(2) with RESOLVE_* flags in `resolve`.
long openat2(int dir, const char* path, int flags, unsigned long long resolve);
long pipe2(int ends[2], int flags);
// poll(2) of one fd, and of many.
long poll(int fd, short events, int timeout_ms);
long poll(pollfd* entries, size_t count, int timeout_ms);
long prctl(int option, unsigned long argument);
long pread(int fd, void* out, size_t size, off_t offset);
// pthread_create(3) with the usual attributes, pthread_detach(3) and pthread_join(3).
long pthread_create(pthread_t* out, void* (*run)(void*), void* with);
long pthread_detach(pthread_t thread);
long pthread_join(pthread_t thread);
// ptrace(2) of the requests that need no address.
long ptrace(int request, pid_t thread, unsigned long data);
long pwrite(int fd, const void* data, size_t size, off_t offset);
long read(int fd, void* out, size_t size);
long readlinkat(int dir, const char* path, char* out, size_t size);
long recv(int fd, void* out, size_t size, int flags);
// recvmmsg(2) without a time.
long recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags);
long recvmsg(int fd, msghdr* message, int flags);
// sched_getaffinity(2) and sched_setaffinity(2) of this process; the first answers the bytes of the mask.
long sched_getaffinity(size_t bytes, unsigned long* mask);
long sched_setaffinity(size_t bytes, const unsigned long* mask);
// select(2) without exceptions, which waits until something is ready.
long select(int count, fd_set* readable, fd_set* writable);
long sendfile(int out, int in, off_t* offset, size_t count);
long sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags);
long sendmsg(int fd, const msghdr* message, int flags);
long send(int fd, const void* data, size_t size, int flags);
long setgroups(size_t count, const gid_t* groups);
long setpgid(pid_t pid, pid_t group);
long setresgid(gid_t real, gid_t effective, gid_t saved);
long setresuid(uid_t real, uid_t effective, uid_t saved);
long setrlimit(int resource, const rlimit* value);
long setsid();
long setsockopt(int fd, int level, int name, const void* value, socklen_t length);
long shutdown(int fd, int how);
long sigaction(int signal, const struct sigaction* action);
long signalfd(int fd, const sigset_t* mask, int flags);
long sigprocmask(int how, const sigset_t* set, sigset_t* old);
// sigqueue(3), and sigwaitinfo(2).
long sigqueue(pid_t pid, int signal, int value);
long sigwaitinfo(const sigset_t* set, siginfo_t* out);
long socket(int domain, int type, int protocol);
long socketpair(int domain, int type, int protocol, int ends[2]);
// tcgetattr(3), and tcsetattr(3) at once.
long tcgetattr(int fd, termios* out);
long tcsetattr(int fd, const termios* value);
long tgkill(pid_t process, pid_t thread, int signal);
long umask(mode_t mask);
long unlink(const char* path);
long waitid(idtype_t type, id_t id, siginfo_t* out, int options);
long write(int fd, const void* data, size_t size);
long writev(int fd, const iovec* parts, int count);

}  // namespace oklo::sys::kernel
