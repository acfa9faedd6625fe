#include "stream/datagram_service.h"

#include <climits>

#include "stream/packet_link.h"

namespace oklo::stream {

namespace {

constexpr uint32_t kPacketBytesMax = 1u << 20;

// A datagram that this process has received itself. Made on the stack for each call of a handler.
class LocalPacket final : public PacketLink {
 public:
  LocalPacket(DatagramSocket& socket, size_t index, const DatagramService& service)
      : socket_(socket), index_(index), service_(service) {}

  std::string peer() const override { return peer_name(socket_.reader().peer(index_)); }
  bool reply(std::string_view bytes) override { return socket_.reply(index_, bytes); }
  bool truncated() const override { return socket_.reader().truncated(index_); }
  unsigned listener() const override { return service_.listener(); }
  unsigned worker() const override { return service_.worker(); }

 private:
  DatagramSocket& socket_;
  size_t index_;
  const DatagramService& service_;
};

}  // namespace

std::string peer_name(const sys::Address& peer) {
  bool nameless = peer.size() == 0 || (peer.is_unix() && *peer.path() == '\0');
  return nameless ? "unix" : peer.to_string();
}

DatagramService::DatagramService(const DatagramHandlers& handlers, const DatagramOptions& options,
                                 unsigned listener, unsigned worker)
    : handlers_(handlers), listener_(listener), worker_(worker), reader_(options.packet_bytes) {}

const char* DatagramService::fault(const DatagramHandlers& handlers, const DatagramOptions& options) {
  if (!handlers.on_packet) return "on_packet is missing";
  if (options.packet_bytes == 0) return "packet_bytes must be at least 1";
  if (options.packet_bytes > kPacketBytesMax) return "packet_bytes must be at most 1048576";
  if (options.receive_buffer_bytes > INT_MAX) return "receive_buffer_bytes must be at most 2147483647";
  return nullptr;
}

void DatagramService::on_packet(DatagramSocket& socket, size_t index) {
  LocalPacket link(socket, index, *this);
  Datagram datagram = link.handle();
  handlers_.on_packet(datagram, reader_.bytes(index));
}

}  // namespace oklo::stream
