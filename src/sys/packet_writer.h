#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "sys/address.h"
#include "sys/packet_reader.h"

namespace oklo::sys {

// Datagrams that are sent at once.
class PacketWriter {
 public:
  static constexpr size_t kPacketsMax = 32;

  struct Sent {
    size_t packets = 0;
    size_t bytes = 0;
  };

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kPacketsMax; }
  // Copies what is to be sent; it must not be full.
  void add(const Address& to, const PacketSource& from, std::string_view bytes);

  // Sends all of them in their order and is empty then. A datagram that the kernel does not take is lost, as
  // any other may be; when the socket has no room, so are those behind it. A unix peer that has no room loses
  // its own alone.
  Sent send(int fd);

 private:
  struct Packet {
    Address to;
    PacketSource from;
    size_t at;
    size_t size;
  };

  msghdr header(Packet& packet, iovec& part);
  long send_from(int fd, size_t first);

  std::array<Packet, kPacketsMax> packets_;
  size_t count_ = 0;
  std::string bytes_;
};

}  // namespace oklo::sys
