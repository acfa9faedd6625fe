#include "net/datagram_socket.h"

namespace oklo {

DatagramSocket::DatagramSocket(Reactor& reactor, LifeRow& life, int socket, sys::PacketReader& reader,
                               DatagramReceiver& receiver)
    : reactor_(reactor), life_(life), socket_(socket), reader_(reader), receiver_(receiver) {}

DatagramSocket::~DatagramSocket() {
  if (watching_) reactor_.remove(socket_);
}

Result<void> DatagramSocket::start(bool exclusive) {
  uint32_t interest = sys::kReadable | (exclusive ? sys::kExclusive : 0u);
  if (long failed = reactor_.add(socket_, interest, *this); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a socket for datagrams");
  watching_ = true;
  return {};
}

// One batch a turn: a flood must not hold up the others. What is left wakes it again.
void DatagramSocket::on_event(uint32_t) { receive(); }

void DatagramSocket::take_waiting() {
  for (int left = kBatchesWaiting; left > 0 && receive();) left--;
}

// Whether there may be more. Errors are those of datagrams that were sent before (udp(7)), and are taken away
// by having been told.
bool DatagramSocket::receive() {
  long count = reader_.receive(socket_);
  size_t bytes = 0;
  for (size_t i = 0; count > 0 && i < static_cast<size_t>(count); i++) {
    bytes += reader_.bytes(i).size();
    receiver_.on_packet(*this, i);
  }
  if (count <= 0) return false;
  life_.requests.add(static_cast<uint64_t>(count));
  life_.bytes_in.add(bytes);
  send();
  return true;
}

bool DatagramSocket::reply(size_t index, std::string_view bytes) {
  return add(reader_.peer(index), reader_.source(index), bytes);
}

bool DatagramSocket::send_to(const sys::Address& peer, const sys::PacketSource& source,
                             std::string_view bytes) {
  bool added = add(peer, source, bytes);
  send();
  return added;
}

bool DatagramSocket::add(const sys::Address& peer, const sys::PacketSource& source, std::string_view bytes) {
  if (!can_send(peer, bytes.size())) return false;
  if (writer_.full()) send();
  writer_.add(peer, source, bytes);
  return true;
}

void DatagramSocket::send() {
  if (writer_.empty()) return;
  sys::PacketWriter::Sent sent = writer_.send(socket_);
  life_.bytes_out.add(sent.bytes);
}

}  // namespace oklo
