#include "net/packet_doorkeeper.h"

namespace oklo {

DatagramReceiver& PacketDoorkeeper::receiver() {
  bool open_to_all = access_.empty() && !limits_requests();
  return open_to_all ? inside_ : *this;
}

void PacketDoorkeeper::on_packet(DatagramSocket& socket, size_t index) {
  if (admits(socket.reader().peer(index))) inside_.on_packet(socket, index);
  else pool_.life().packets_refused.add(1);
}

// Each datagram is a request. What there is no answer to has no time in which to come again either.
bool PacketDoorkeeper::admits(const sys::Address& peer) const {
  uint8_t bytes[16];
  peer.copy_ip(bytes);
  bool has_ip = peer.size() != 0 && !peer.is_unix();
  const uint8_t* ip = has_ip ? bytes : nullptr;
  uint32_t wait_s = 0;
  return access_.admits(ip) &&
         (!limits_requests() || pool_.guard()->ask(ip, pool_.reactor().clock().now_ms, wait_s));
}

}  // namespace oklo
