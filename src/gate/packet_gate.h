#pragma once

#include <memory>

#include "gate/deliveries.h"
#include "gate/port.h"
#include "net/datagram_socket.h"

#include <oklo/datagram.h>

namespace oklo::gate {

// A service of datagrams in a reactor thread: tells workers of those that come, and sends their answers.
class PacketGate final : public ThreadPort, public DatagramReceiver {
 public:
  // All outlive it.
  PacketGate(const DatagramOptions& options, Reactor& reactor, LifeRow& life, Deliveries& deliveries,
             uint8_t listener);

  // The socket that is received from, which lives no longer than this. `receiver` hears of the datagrams:
  // this one, or who stands in front of it.
  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared, DatagramReceiver& receiver);

  bool on_said(const codec::WireRecord& record, sys::Fd file) override;
  void on_done(net::Connection&) override {}
  void on_lost(net::Connection&, bool) override {}
  void on_packet(DatagramSocket& socket, size_t index) override;

 private:
  Reactor& reactor_;
  LifeRow& life_;
  Deliveries& deliveries_;
  uint8_t listener_;
  sys::PacketReader reader_;
  std::unique_ptr<DatagramSocket> answers_;  // sends them; receives nothing
};

}  // namespace oklo::gate
