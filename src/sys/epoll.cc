#include "sys/epoll.h"

#include <errno.h>

#include "sys/kernel.h"

namespace oklo::sys {

namespace {

static_assert(+kReadable == +EPOLLIN && +kWritable == +EPOLLOUT && +kError == +EPOLLERR);
static_assert(+kHangUp == +EPOLLHUP && +kPeerClosed == +EPOLLRDHUP && +kExclusive == +EPOLLEXCLUSIVE);

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

}  // namespace oklo::sys
