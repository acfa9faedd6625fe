#include "sys/epoll.h"

#include <errno.h>

#include <algorithm>
#include <climits>

#include "sys/kernel.h"

namespace oklo::sys {

namespace {

static_assert(+kReadable == +EPOLLIN && +kWritable == +EPOLLOUT && +kError == +EPOLLERR);
static_assert(+kHangUp == +EPOLLHUP && +kPeerClosed == +EPOLLRDHUP && +kExclusive == +EPOLLEXCLUSIVE);
static_assert(+kOneShot == +EPOLLONESHOT && +kEdge == static_cast<uint32_t>(+EPOLLET));

long control(int epoll_fd, int operation, int fd, uint32_t interest, uint64_t token) {
  epoll_event event = {};
  event.events = interest;
  event.data.u64 = token;
  return kernel::epoll_ctl(epoll_fd, operation, fd, &event);
}

}  // namespace

Result<Epoll> Epoll::create() {
  long fd = kernel::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return system_error(static_cast<int>(-fd), "cannot make an epoll instance");
  return Epoll(Fd(static_cast<int>(fd)));
}

long Epoll::add(int fd, uint32_t interest, uint64_t token) {
  return control(fd_.get(), EPOLL_CTL_ADD, fd, interest, token);
}

long Epoll::modify(int fd, uint32_t interest, uint64_t token) {
  return control(fd_.get(), EPOLL_CTL_MOD, fd, interest, token);
}

void Epoll::remove(int fd) { control(fd_.get(), EPOLL_CTL_DEL, fd, 0, 0); }

long Epoll::wait(std::span<epoll_event> events, int timeout_ms) {
  return kernel::epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
}

long Epoll::wait_ns(std::span<epoll_event> events, uint64_t timeout_ns) {
  constexpr uint64_t kSecond = 1'000'000'000;
  timespec time = {};
  time.tv_sec = static_cast<time_t>(timeout_ns / kSecond);
  time.tv_nsec = static_cast<long>(timeout_ns % kSecond);
  long result = kernel::epoll_pwait2(fd_.get(), events.data(), static_cast<int>(events.size()), &time);
  if (result != -ENOSYS) return result;
  return wait(events, static_cast<int>(std::min<uint64_t>((timeout_ns + 999'999) / 1'000'000, INT_MAX)));
}

}  // namespace oklo::sys
