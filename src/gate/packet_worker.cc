#include "gate/packet_worker.h"

#include <cstring>
#include <string>

#include "net/datagram_socket.h"
#include "stream/packet_link.h"

namespace oklo::gate {

namespace {

// A datagram that a reactor thread of the gate has received. Made on the stack for the call of the handler.
class RemotePacket final : public stream::PacketLink {
 public:
  RemotePacket(uint32_t thread, const codec::WireRecord& record, WorkerContext& context, WorkerEnd& end)
      : thread_(thread), record_(record), context_(context), end_(end) {
    std::memcpy(&head_, record.bytes.data(), sizeof head_);
  }

  std::string_view bytes() const { return record_.bytes.substr(sizeof head_); }

  std::string peer() const override { return stream::peer_name(head_.peer); }
  bool reply(std::string_view bytes) override;
  bool truncated() const override { return head_.truncated; }
  unsigned listener() const override { return record_.listener; }
  unsigned worker() const override { return context_.slot; }

 private:
  uint32_t thread_;
  const codec::WireRecord& record_;
  WorkerContext& context_;
  WorkerEnd& end_;
  PacketHead head_;
};

bool RemotePacket::reply(std::string_view bytes) {
  if (!DatagramSocket::can_send(head_.peer, bytes.size())) return false;
  std::string whole(record_.bytes.substr(0, sizeof head_));
  whole.append(bytes);
  end_.say(thread_, Said::packet_reply, {}, record_.listener, 0, whole);
  return true;
}

}  // namespace

bool PacketWorker::on_told(uint32_t thread, const codec::WireRecord& record) {
  if (record.bytes.size() < sizeof(PacketHead)) return true;
  RemotePacket link(thread, record, context_, end_);
  Datagram datagram = link.handle();
  context_.row->requests.add(1);
  handlers_.on_packet(datagram, link.bytes());
  return true;
}

}  // namespace oklo::gate
