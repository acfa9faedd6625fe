#include "bench/websocket_reader.h"

#include <algorithm>
#include <vector>

#include "codec/http_reply.h"
#include "codec/websocket_handshake.h"

namespace oklo::bench {

using codec::FrameOpcode;
using codec::FrameVerdict;

namespace {

Step broken(Fault fault) { return {.kind = Step::Kind::broken, .fault = fault}; }

// A control frame of a client; a mask of zeros is one.
std::string control_frame(FrameOpcode opcode, std::string_view payload) {
  codec::FrameHeader header = {.payload_size = payload.size(), .opcode = opcode, .masked = true};
  char bytes[codec::kFrameHeaderBytesMax];
  char* end = codec::write_frame_header(bytes, header);
  return std::string(bytes, end).append(payload);
}

}  // namespace

void WebSocketReader::reset() {
  echoes_.reset();
  greeted_ = in_message_ = in_payload_ = false;
  reply_.clear();
}

Step WebSocketReader::read(std::span<char> bytes) {
  if (!greeted_) return read_greeting(bytes);
  std::string_view text(bytes.data(), bytes.size());
  return in_payload_ ? read_payload(text, 0) : read_frame(text);
}

Step WebSocketReader::read_greeting(std::span<char> bytes) {
  codec::ReplyHead head;
  codec::ReplyOutcome outcome = codec::parse_reply_head(bytes, head);
  if (outcome.kind == codec::ReplyOutcome::Kind::need_more) return {};
  if (outcome.kind == codec::ReplyOutcome::Kind::bad) return broken(Fault::bad_answer);
  if (head.status != 101) return broken(Fault::bad_status);
  std::vector<codec::FieldLine> fields;
  for (const codec::ReplyHead::Field& field : head.fields)
    fields.push_back({head.name(field), head.value(field)});
  std::string_view chosen;
  if (codec::check_websocket_answer(head.status, fields, messages_.websocket_key(), {}, chosen))
    return broken(Fault::bad_answer);
  greeted_ = true;
  return {.kind = Step::Kind::ready, .used = head.size};
}

// How frames follow each other: RFC 6455 section 5.4.
Step WebSocketReader::read_frame(std::string_view bytes) {
  FrameVerdict verdict = codec::parse_frame_header(bytes, codec::FrameReader::client, frame_);
  if (verdict == FrameVerdict::more) return {};
  if (verdict != FrameVerdict::fine) return broken(Fault::bad_answer);
  if (codec::is_control(frame_.opcode)) return read_control(bytes);
  if ((frame_.opcode == FrameOpcode::continuation) != in_message_) return broken(Fault::bad_answer);
  in_message_ = !frame_.fin;
  left_ = frame_.payload_size;
  return read_payload(bytes.substr(frame_.header_size), frame_.header_size);
}

Step WebSocketReader::read_control(std::string_view bytes) {
  size_t size = frame_.header_size + static_cast<size_t>(frame_.payload_size);
  if (bytes.size() < size) return {};
  if (frame_.opcode == FrameOpcode::close) return broken(Fault::closed);
  if (frame_.opcode == FrameOpcode::ping)
    reply_ = control_frame(FrameOpcode::pong, bytes.substr(frame_.header_size, size - frame_.header_size));
  return {.kind = Step::Kind::pass, .used = size};
}

Step WebSocketReader::read_payload(std::string_view bytes, size_t used) {
  if (left_ > echoes_.left()) return broken(Fault::wrong_echo);
  size_t piece = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  if (!echoes_.take(bytes.substr(0, piece))) return broken(Fault::wrong_echo);
  left_ -= piece;
  used += piece;
  in_payload_ = left_ > 0;
  if (in_payload_) return {.used = used};
  if (!frame_.fin) return {.kind = Step::Kind::pass, .used = used};
  if (echoes_.left() > 0) return broken(Fault::wrong_echo);
  return {.kind = Step::Kind::answer, .used = used, .length = echoes_.finish()};
}

}  // namespace oklo::bench
