#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>

namespace oklo {

namespace stream {
class PacketLink;
}

// One datagram in the hands of its handler: borrowed, it lives until the handler returns.
class Datagram {
 public:
  // Who sent it: "192.0.2.1:5000", "[2001:db8::1]:5000", "unix:/path", or "unix" for one without a name.
  std::string peer() const;

  // Sends a datagram back to whoever sent this one, from the address at which it came; also an empty one, and
  // as often as you like. It leaves when the turn of the Reactor ends, or before. As any datagram it may be
  // lost: when the kernel has no room, it is. False when it has more bytes than a datagram may (65,507; a
  // unix socket's may have more), or when a unix peer has no name.
  bool reply(std::string_view bytes);

  // Whether it had more bytes than DatagramOptions::packet_bytes: the rest of them is lost.
  bool truncated() const;

  // Which call of Server::http, tcp and udp it belongs to, and which worker has it, both from 0.
  unsigned listener() const;
  unsigned worker() const;

 private:
  friend class stream::PacketLink;
  explicit Datagram(stream::PacketLink& link) : link_(link) {}
  Datagram(const Datagram&) = delete;
  stream::PacketLink& link_;
};

// What a service over UDP or a unix datagram socket does. It is called in a worker, and holds it up while it
// runs. Over UDP, what one peer sends from one port comes to the same worker.
struct DatagramHandlers {
  // A datagram has come; it may be empty. The bytes are borrowed until the handler returns. It must be there.
  Function<void(Datagram&, std::string_view bytes)> on_packet = {};
};

// How datagrams are received. Each is a request of its address: AddressLimits::requests_s.
struct DatagramOptions {
  uint32_t packet_bytes = 65'535;     // of one datagram that are kept, 1 to 1 MiB
  uint32_t receive_buffer_bytes = 0;  // that wait in the kernel (SO_RCVBUF, socket(7)); 0: as it is set
  // Who may send, as in Entrance::access. What comes from others is dropped, and counted in the status as
  // packets_refused. Whoever can send from any address can also name another's in a datagram: it proves none.
  std::vector<std::string> access = {};
  friend bool operator==(const DatagramOptions&, const DatagramOptions&) = default;
};

}  // namespace oklo
