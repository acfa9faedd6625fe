#include "sys/packet_writer.h"

#include <errno.h>

#include "base/assert.h"
#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

void PacketWriter::add(const Address& to, const PacketSource& from, std::string_view bytes) {
  OKLO_ASSERT(!full());
  packets_[count_++] = {to, from, bytes_.size(), bytes.size()};
  bytes_.append(bytes);
}

PacketWriter::Sent PacketWriter::send(int fd) {
  Sent sent;
  for (size_t next = 0; next < count_;) {
    long n = send_from(fd, next);
    if (n == -EAGAIN && !packets_[next].to.is_unix()) break;
    size_t done = n > 0 ? static_cast<size_t>(n) : 0;
    for (size_t i = next; i < next + done; i++) sent.bytes += packets_[i].size;
    sent.packets += done;
    next += done ? done : 1;  // One that can't be sent holds up no other.
  }
  count_ = 0;
  bytes_.clear();
  return sent;
}

msghdr PacketWriter::header(Packet& packet, iovec& part) {
  part = {bytes_.data() + packet.at, packet.size};
  msghdr header = {};
  header.msg_name = const_cast<sockaddr*>(packet.to.data());
  header.msg_namelen = packet.to.size();
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = packet.from.size ? packet.from.control : nullptr;
  header.msg_controllen = packet.from.size;
  return header;
}

// How many of those from `first` on were sent, or why that one was not.
long PacketWriter::send_from(int fd, size_t first) {
  std::array<mmsghdr, kPacketsMax> messages;
  std::array<iovec, kPacketsMax> parts;
  for (size_t i = first; i < count_; i++) messages[i] = {header(packets_[i], parts[i]), 0};
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  unsigned count = static_cast<unsigned>(count_ - first);
  long n = retry([&] { return kernel::sendmmsg(fd, &messages[first], count, kFlags); });
  if (n != -ENOSYS) return n;
  n = retry([&] { return kernel::sendmsg(fd, &messages[first].msg_hdr, kFlags); });
  return n < 0 ? n : 1;
}

}  // namespace oklo::sys
