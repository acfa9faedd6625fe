#pragma once

#include "codec/access_list.h"
#include "net/connection_pool.h"
#include "net/datagram_socket.h"

namespace oklo {

// Hears of the datagrams of a listener that not everybody may send to, or not as often as he likes: it passes
// on what is let in, and drops and counts the rest.
class PacketDoorkeeper final : public DatagramReceiver {
 public:
  // All outlive it. Of the pool it has the clock, the guard and the row.
  PacketDoorkeeper(const codec::AccessList& access, ConnectionPool& pool, DatagramReceiver& inside)
      : access_(access), pool_(pool), inside_(inside) {}

  // Who is to hear first of them: who is inside, where all are let in.
  DatagramReceiver& receiver();

  void on_packet(DatagramSocket& socket, size_t index) override;

 private:
  bool limits_requests() const { return pool_.guard() && pool_.guard()->limits_requests(); }
  bool admits(const sys::Address& peer) const;

  const codec::AccessList& access_;
  ConnectionPool& pool_;
  DatagramReceiver& inside_;
};

}  // namespace oklo
