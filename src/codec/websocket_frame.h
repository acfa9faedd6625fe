#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace oklo::codec {

// RFC 6455 section 5.2. From 8 on they are control frames, which may stand between those of a message.
enum class FrameOpcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(FrameOpcode opcode) { return static_cast<uint8_t>(opcode) >= 8; }

// The four bytes that the payload is masked with, in the order in which they stand in the frame.
using FrameMask = std::array<char, 4>;

// The header of a WebSocket frame, RFC 6455 section 5.2. Its reserved bits are zero: no extension is spoken.
struct FrameHeader {
  uint64_t payload_size = 0;
  FrameMask mask = {};
  FrameOpcode opcode = FrameOpcode::text;
  bool fin = true;  // the last frame of its message
  bool masked = false;
  uint8_t header_size = 0;  // set by the parser alone
};

inline constexpr size_t kFrameHeaderBytesMax = 14;
inline constexpr size_t kControlPayloadMax = 125;

// Who reads. A client masks its frames, a server does not (RFC 6455 section 5.1).
enum class FrameReader : uint8_t { server, client };

// What can be said of the bytes of a frame: they are fine, more are needed, or why the connection must fail.
enum class FrameVerdict : uint8_t {
  fine, more,
  reserved_bit, reserved_opcode, control_fragmented, control_large, masked, unmasked, size_not_minimal,
  size_huge, close_short, close_code, close_text,
};

// With which code the connection is failed (RFC 6455 section 7.1.7), and a few words for the log. Both are
// empty for what is fine or needs more.
struct FrameRefusal {
  uint16_t close_code = 0;
  const char* reason = "";
};
FrameRefusal refusal_of(FrameVerdict verdict);

// Reads a frame header from the front of `bytes`. Flags and opcode, mask bit and size are refused each as
// soon as they are there. How frames follow each other and how large they may be is for the caller to judge.
FrameVerdict parse_frame_header(std::string_view bytes, FrameReader reader, FrameHeader& out);

// Reads the header of what nearly every frame is: a message of a client, whole and of less than 126 bytes.
// False for any other, also for one that is wrong: then parse_frame_header knows.
inline bool parse_short_message(std::string_view bytes, FrameHeader& out) {
  if (bytes.size() < 6) return false;
  unsigned first = static_cast<unsigned char>(bytes[0]);
  size_t size = static_cast<unsigned char>(bytes[1]) ^ 0x80u;
  if ((first != 0x81 && first != 0x82) || size >= 126 || bytes.size() - 6 < size) return false;
  out.payload_size = size;
  std::memcpy(out.mask.data(), bytes.data() + 2, sizeof out.mask);
  out.opcode = static_cast<FrameOpcode>(first & 0x0f);
  out.fin = out.masked = true;
  out.header_size = 6;
  return true;
}

// Writes a header at `out`, which must have room for kFrameHeaderBytesMax; returns its end.
char* write_frame_header(char* out, const FrameHeader& header);

// The header of a whole message or control frame of a server.
inline char* write_frame_header(char* out, FrameOpcode opcode, uint64_t payload_size) {
  if (payload_size >= 126) return write_frame_header(out, {payload_size, {}, opcode});
  out[0] = static_cast<char>(0x80u | static_cast<unsigned>(opcode));
  out[1] = static_cast<char>(payload_size);
  return out + 2;
}

// Masks a piece of a payload, or takes the mask off, which is the same (RFC 6455 section 5.3). `offset` is
// the place of the piece in the payload.
void apply_mask(std::span<char> piece, FrameMask mask, uint64_t offset);

inline constexpr uint16_t kCloseNormal = 1000;
inline constexpr uint16_t kCloseProtocolError = 1002;
inline constexpr uint16_t kCloseNoStatus = 1005;  // never sent: stands for a close frame without a code
inline constexpr uint16_t kCloseBadText = 1007;
inline constexpr uint16_t kCloseTooBig = 1009;
inline constexpr uint16_t kCloseTryLater = 1013;

// Whether a close frame may bear that code: those that RFC 6455 section 7.4 and the IANA registry define
// for it, and those from 3000 to 4999, which belong to libraries and applications.
constexpr bool valid_close_code(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

// What a close frame says.
struct CloseReason {
  uint16_t code = kCloseNoStatus;
  std::string_view text;  // points into the payload
};

// Reads the payload, unmasked, of a close frame (RFC 6455 section 5.5.1). Never needs more.
FrameVerdict parse_close_payload(std::string_view payload, CloseReason& out);

// Writes the payload of a close frame at `out`, which must have room for kControlPayloadMax; returns its end.
// The code must be a valid one or kCloseNoStatus, which makes an empty payload. Of a text that is too long,
// or is not UTF-8, the front that fits and is valid is taken.
char* write_close_payload(char* out, const CloseReason& reason);

}  // namespace oklo::codec
