#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "sys/address.h"

namespace oklo::sys {

// Where a datagram came in, in the form in which the kernel wants it for the answer (IP_PKTINFO in ip(7),
// IPV6_PKTINFO in ipv6(7)): a host with many addresses answers from the one that was asked.
struct PacketSource {
  static constexpr size_t kBytes = 64;
  alignas(cmsghdr) char control[kBytes];
  size_t size = 0;
};

// Room for some datagrams that are received at once.
class PacketReader {
 public:
  static constexpr size_t kPacketsMax = 32;

  // Of each datagram `packet_bytes` are kept.
  explicit PacketReader(size_t packet_bytes);

  // How many came, 0 when there are none, or a negative errno number. What came before is gone.
  [[nodiscard]] long receive(int fd);

  Address peer(size_t index) const;
  std::string_view bytes(size_t index) const;
  bool truncated(size_t index) const { return messages_[index].msg_hdr.msg_flags & MSG_TRUNC; }
  PacketSource source(size_t index) const;

 private:
  void prepare(size_t index);
  long receive_one(int fd);
  char* room(size_t index) const { return memory_.get() + index * packet_bytes_; }

  size_t packet_bytes_;
  size_t used_ = 0;                 // headers that the kernel has written to
  std::unique_ptr<char[]> memory_;  // touched by what comes alone
  std::array<mmsghdr, kPacketsMax> messages_;
  std::array<iovec, kPacketsMax> parts_;
  std::array<sockaddr_storage, kPacketsMax> peers_;
  std::array<PacketSource, kPacketsMax> sources_;
};

}  // namespace oklo::sys
