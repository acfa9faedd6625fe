#include "codec/websocket_frame.h"

#include <algorithm>
#include <string>

#include "base/assert.h"
#include "base/utf8.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

// No front of a header is taken for a whole one, and one that is refused stays refused.
FrameVerdict parse(std::string_view input, FrameReader reader, FrameHeader& header) {
  FrameVerdict whole = parse_frame_header(input, reader, header);
  for (size_t size = 0; size < std::min(input.size(), kFrameHeaderBytesMax + 1); size++) {
    FrameHeader part_header;
    FrameVerdict verdict = parse_frame_header(input.substr(0, size), reader, part_header);
    bool enough = whole == FrameVerdict::fine && size >= header.header_size;
    OKLO_ASSERT(verdict == whole || (verdict == FrameVerdict::more && !enough));
    if (verdict == FrameVerdict::fine) OKLO_ASSERT(enough && part_header.payload_size == header.payload_size);
  }
  OKLO_ASSERT((refusal_of(whole).close_code == 0) ==
              (whole == FrameVerdict::fine || whole == FrameVerdict::more));
  return whole;
}

// What was read is written as it was.
void check_written(std::string_view input, const FrameHeader& header) {
  char room[kFrameHeaderBytesMax];
  char* end = write_frame_header(room, header);
  OKLO_ASSERT(std::string_view(room, end) == input.substr(0, header.header_size));
  OKLO_ASSERT(!is_control(header.opcode) || (header.fin && header.payload_size <= kControlPayloadMax));
}

// The plain way, at once and in two pieces.
std::string unmasked(std::string_view payload, FrameMask mask) {
  std::string plain(payload);
  for (size_t i = 0; i < plain.size(); i++) plain[i] = static_cast<char>(plain[i] ^ mask[i % 4]);
  Guarded whole(payload);
  apply_mask({whole.data(), whole.size()}, mask, 0);
  OKLO_ASSERT(whole.view() == plain);
  for (size_t split : {payload.size() / 3, payload.size() / 2}) {
    Guarded pieces(payload);
    apply_mask({pieces.data(), split}, mask, 0);
    apply_mask({pieces.data() + split, payload.size() - split}, mask, split);
    OKLO_ASSERT(pieces.view() == plain);
  }
  return plain;
}

void check_close(std::string_view payload) {
  CloseReason reason;
  char room[kControlPayloadMax];
  FrameVerdict verdict = parse_close_payload(payload, reason);
  if (verdict == FrameVerdict::fine && payload.size() <= kControlPayloadMax) {
    OKLO_ASSERT(std::string_view(room, write_close_payload(room, reason)) == payload);
  }
  CloseReason any{kCloseNormal, payload};
  size_t size = static_cast<size_t>(write_close_payload(room, any) - room);
  OKLO_ASSERT(size >= 2 && parse_close_payload({room, size}, reason) == FrameVerdict::fine);
  OKLO_ASSERT(payload.starts_with(reason.text));
  if (!oklo::valid_utf8(payload)) return;
  bool fits = payload.size() + 2 <= kControlPayloadMax;
  OKLO_ASSERT(fits ? size == payload.size() + 2 : size + 3 >= kControlPayloadMax);
}

}  // namespace

// Reads the input as a frame from a client and as one from a server.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  check_close(input);
  for (FrameReader reader : {FrameReader::server, FrameReader::client}) {
    FrameHeader header;
    if (parse(input, reader, header) != FrameVerdict::fine) continue;
    OKLO_ASSERT(header.masked == (reader == FrameReader::server));
    check_written(input, header);
    std::string_view rest = input.substr(header.header_size);
    uint64_t there = std::min<uint64_t>(rest.size(), header.payload_size);
    std::string payload(rest.substr(0, static_cast<size_t>(there)));
    if (header.masked) payload = unmasked(payload, header.mask);
    if (header.opcode == FrameOpcode::close) check_close(payload);
  }
  return 0;
}
