#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "net/intake.h"
#include "reactor/reactor.h"
#include "shm/scoreboard.h"
#include "sys/packet_reader.h"
#include "sys/packet_writer.h"

namespace oklo {

class DatagramSocket;

// Who is told of the datagrams.
class DatagramReceiver {
 public:
  // The one with that number of those that were just read; only until this returns.
  virtual void on_packet(DatagramSocket& socket, size_t index) = 0;

 protected:
  ~DatagramReceiver() = default;
};

// Receives and sends the datagrams of one bound socket, which the master owns and never closes: as many as
// wait with one system call, up to 32. The answers to them leave together, too.
class DatagramSocket final : public Intake, private EventHandler {
 public:
  static constexpr size_t kUdpBytesMax = 65'507;     // over IPv4 (RFC 768, RFC 791); over IPv6 20 more
  static constexpr size_t kUnixBytesMax = 1u << 20;  // what the kernel takes of it depends on its buffers

  // `reader` is where the datagrams are put; all sockets of a worker may have the same one.
  DatagramSocket(Reactor& reactor, LifeRow& life, int socket, sys::PacketReader& reader,
                 DatagramReceiver& receiver);
  ~DatagramSocket() override;

  // `exclusive`: other workers receive from the same one.
  Result<void> start(bool exclusive);
  void take_waiting() override;
  void on_room() override {}

  // Whether so much may be sent to that peer.
  static bool can_send(const sys::Address& peer, size_t bytes) {
    return peer.size() != 0 && bytes <= (peer.is_unix() ? kUnixBytesMax : kUdpBytesMax);
  }
  const sys::PacketReader& reader() const { return reader_; }
  // To whoever sent the datagram with that number. False when that is nobody who can be named, or when it is
  // more than a datagram holds.
  bool reply(size_t index, std::string_view bytes);
  // The same for one that came in earlier, by what the reader said of it then; it is sent at once.
  bool send_to(const sys::Address& peer, const sys::PacketSource& source, std::string_view bytes);

 private:
  static constexpr int kBatchesWaiting = 128;  // 4096 datagrams

  void on_event(uint32_t events) override;
  bool receive();
  bool add(const sys::Address& peer, const sys::PacketSource& source, std::string_view bytes);
  void send();

  Reactor& reactor_;
  LifeRow& life_;
  int socket_;
  sys::PacketReader& reader_;
  DatagramReceiver& receiver_;
  sys::PacketWriter writer_;
  bool watching_ = false;
};

}  // namespace oklo
