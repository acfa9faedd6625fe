#include "gate/packet_gate.h"

#include <cstring>
#include <utility>

namespace oklo::gate {

PacketGate::PacketGate(const DatagramOptions& options, Reactor& reactor, LifeRow& life,
                       Deliveries& deliveries, uint8_t listener)
    : reactor_(reactor),
      life_(life),
      deliveries_(deliveries),
      listener_(listener),
      reader_(options.packet_bytes) {}

// Answers are sent also when it is not received any more.
Result<std::unique_ptr<Intake>> PacketGate::take_from(int socket, bool shared,
                                                       DatagramReceiver& receiver) {
  auto intake = std::make_unique<DatagramSocket>(reactor_, life_, socket, reader_, receiver);
  if (Result<void> started = intake->start(shared); !started) return started.error();
  answers_ = std::make_unique<DatagramSocket>(reactor_, life_, socket, reader_, *this);
  return std::unique_ptr<Intake>(std::move(intake));
}

void PacketGate::on_packet(DatagramSocket&, size_t index) {
  PacketHead head = {reader_.peer(index), reader_.source(index), reader_.truncated(index)};
  if (!deliveries_.tell_packet(listener_, head, reader_.bytes(index))) life_.packets_dropped.add(1);
}

bool PacketGate::on_said(const codec::WireRecord& record, sys::Fd) {
  PacketHead head;
  bool fits = record.type == static_cast<uint8_t>(Said::packet_reply) && record.bytes.size() >= sizeof head;
  if (!fits) return false;
  std::memcpy(static_cast<void*>(&head), record.bytes.data(), sizeof head);
  std::string_view bytes = record.bytes.substr(sizeof head);
  bool fine = head.peer.size() <= sizeof(sockaddr_un) && head.source.size <= sys::PacketSource::kBytes &&
              DatagramSocket::can_send(head.peer, bytes.size());
  if (fine && answers_) answers_->send_to(head.peer, head.source, bytes);
  return fine;
}

}  // namespace oklo::gate
