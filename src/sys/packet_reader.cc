#include "sys/packet_reader.h"

#include <errno.h>
#include <netinet/in.h>

#include <cstring>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

// What was true for the way in need not be so for the way out: the interface is left to the routes, but for
// an address that only means something on its link (RFC 4291 section 2.5.6).
void forget_interface(cmsghdr& control) {
  unsigned char* data = CMSG_DATA(&control);
  if (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    std::memcpy(&info, data, sizeof info);
    info.ipi_ifindex = 0;
    std::memcpy(data, &info, sizeof info);
  }
  if (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    std::memcpy(&info, data, sizeof info);
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
    std::memcpy(data, &info, sizeof info);
  }
}

}  // namespace

PacketReader::PacketReader(size_t packet_bytes)
    : packet_bytes_(packet_bytes), memory_(new char[kPacketsMax * packet_bytes]) {
  for (size_t i = 0; i < kPacketsMax; i++) prepare(i);
}

void PacketReader::prepare(size_t index) {
  parts_[index] = {room(index), packet_bytes_};
  msghdr header = {};
  header.msg_name = &peers_[index];
  header.msg_namelen = sizeof peers_[index];
  header.msg_iov = &parts_[index];
  header.msg_iovlen = 1;
  header.msg_control = sources_[index].control;
  header.msg_controllen = sizeof sources_[index].control;
  messages_[index] = {header, 0};
}

long PacketReader::receive(int fd) {
  for (size_t i = 0; i < used_; i++) prepare(i);
  long count = retry([&] { return kernel::recvmmsg(fd, messages_.data(), kPacketsMax, MSG_DONTWAIT); });
  if (count == -ENOSYS) count = receive_one(fd);
  if (count == -EAGAIN) count = 0;
  used_ = count > 0 ? static_cast<size_t>(count) : 1;
  return count;
}

long PacketReader::receive_one(int fd) {
  long size = retry([&] { return kernel::recvmsg(fd, &messages_[0].msg_hdr, MSG_DONTWAIT); });
  if (size < 0) return size;
  messages_[0].msg_len = static_cast<unsigned>(size);
  return 1;
}

// A unix socket without a name sends no address.
Address PacketReader::peer(size_t index) const {
  const msghdr& header = messages_[index].msg_hdr;
  if (header.msg_namelen <= sizeof(sa_family_t)) return {};
  return Address(static_cast<const sockaddr*>(header.msg_name), header.msg_namelen);
}

std::string_view PacketReader::bytes(size_t index) const {
  return {room(index), messages_[index].msg_len};
}

PacketSource PacketReader::source(size_t index) const {
  PacketSource source = sources_[index];
  msghdr header = messages_[index].msg_hdr;
  header.msg_control = source.control;
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  source.size = control ? header.msg_controllen : 0;
  if (control) forget_interface(*control);
  return source;
}

}  // namespace oklo::sys
