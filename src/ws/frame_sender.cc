#include "ws/frame_sender.h"

#include <cstring>

namespace oklo::ws {

using codec::FrameOpcode;

void FrameSender::send_control(net::Connection& connection, FrameOpcode opcode, std::string_view payload) {
  send(connection, opcode, payload);
}

void FrameSender::send_close(net::Connection& connection, uint16_t code, std::string_view text) {
  char payload[codec::kControlPayloadMax];
  char* end = codec::write_close_payload(payload, {code, text});
  send_control(connection, FrameOpcode::close, {payload, static_cast<size_t>(end - payload)});
}

// Each frame has a mask that nobody can foresee (RFC 6455 section 5.3).
void FrameSender::send_masked(net::Connection& connection, FrameOpcode opcode, std::string_view payload) {
  codec::FrameHeader header;
  header.payload_size = payload.size();
  header.opcode = opcode;
  header.masked = true;
  uint64_t number = numbers_.number();
  std::memcpy(header.mask.data(), &number, header.mask.size());
  char* start = connection.room(codec::kFrameHeaderBytesMax).data();
  connection.advance(static_cast<size_t>(codec::write_frame_header(start, header) - start));
  for (size_t at = 0; at < payload.size();) {
    std::span<char> room = connection.room(1);
    size_t size = std::min(room.size(), payload.size() - at);
    payload.copy(room.data(), size, at);
    codec::apply_mask(room.first(size), header.mask, at);
    connection.advance(size);
    at += size;
  }
}

}  // namespace oklo::ws
