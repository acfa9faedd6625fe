#include "sys/passing.h"

#include <errno.h>

#include <cstring>

#include "base/assert.h"
#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

constexpr size_t kControlBytes = CMSG_SPACE(kPassedFdsMax * sizeof(int));

void put_fds(msghdr& message, std::span<char> control, std::span<const Fd> fds) {
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  for (size_t i = 0; i < fds.size(); i++) {
    int number = fds[i].get();
    std::memcpy(CMSG_DATA(header) + i * sizeof number, &number, sizeof number);
  }
}

void take_fds(msghdr& message, std::vector<Fd>& passed) {
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS) return;
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
    passed.emplace_back(number);
  }
}

}  // namespace

long send_with_fds(int fd, std::string_view head, std::string_view body, std::span<const Fd> fds) {
  OKLO_ASSERT(fds.size() <= kPassedFdsMax);
  iovec parts[] = {{const_cast<char*>(head.data()), head.size()},
                   {const_cast<char*>(body.data()), body.size()}};
  alignas(cmsghdr) char control[kControlBytes];
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (!fds.empty()) {
    std::memset(control, 0, CMSG_SPACE(fds.size() * sizeof(int)));
    put_fds(message, control, fds);
  }
  return retry([&] { return kernel::sendmsg(fd, &message, MSG_NOSIGNAL); });
}

long receive_with_fds(int fd, std::span<char> out, std::vector<Fd>& passed) {
  iovec part = {out.data(), out.size()};
  alignas(cmsghdr) char control[kControlBytes];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  long size = retry([&] { return kernel::recvmsg(fd, &message, MSG_CMSG_CLOEXEC); });
  if (size < 0) return size;
  size_t before = passed.size();
  take_fds(message, passed);
  if (!(message.msg_flags & MSG_TRUNC)) return size;
  passed.resize(before);
  return -EMSGSIZE;
}

}  // namespace oklo::sys
