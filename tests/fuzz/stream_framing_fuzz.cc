#include "codec/stream_framing.h"

#include <algorithm>
#include <string>

#include "base/assert.h"

using namespace oklo::codec;
using oklo::StreamFraming;

namespace {

using Kind = StreamFraming::Kind;
using State = FramedMessage::State;

constexpr size_t kOptionBytes = 8;

// Options out of the first bytes of the input. Not all of them can be.
StreamFraming options(std::string_view bytes) {
  auto byte = [bytes](size_t at) { return static_cast<unsigned char>(bytes[at]); };
  StreamFraming framing;
  framing.kind = static_cast<Kind>(1 + byte(0) % 3);
  framing.message_bytes_max = byte(1);
  framing.fixed_bytes = byte(2);
  framing.length_bytes = byte(2);
  framing.length_at = byte(3) % 8;
  framing.header_bytes = byte(4) % 16;
  framing.length_order = static_cast<StreamFraming::ByteOrder>(byte(5) & 1);
  framing.length_counts = static_cast<StreamFraming::Counts>(byte(5) >> 1 & 1);
  framing.keep_delimiter = byte(5) & 4;
  framing.keep_header = byte(5) & 8;
  framing.length_adjust = static_cast<signed char>(bytes[6]);
  framing.delimiter = bytes.substr(4, byte(7) % (kOptionBytes - 4));
  return framing;
}

// All messages of a stream that comes in pieces of that size, each with a mark behind it, and how it ends.
std::string cut(const StreamFraming& framing, std::string_view stream, size_t piece) {
  std::string messages;
  size_t begin = 0;
  size_t scanned = 0;
  for (size_t end = std::min(piece, stream.size());; end = std::min(end + piece, stream.size())) {
    for (;;) {
      std::string_view bytes = stream.substr(begin, end - begin);
      FramedMessage message = find_message(framing, bytes, scanned);
      if (message.state != State::complete && message.state != State::need_more)
        return messages + std::to_string(static_cast<int>(message.state));
      scanned = message.scanned;
      OKLO_ASSERT(message.size <= framing.message_bytes_max && scanned <= bytes.size());
      if (message.state == State::need_more) {
        OKLO_ASSERT(message.size == 0 || message.size > bytes.size());
        break;
      }
      OKLO_ASSERT(message.size > 0 && message.size <= bytes.size());
      OKLO_ASSERT(message.payload_at + message.payload_size <= message.size);
      messages.append(bytes.substr(message.payload_at, message.payload_size)).append("\n");
      begin += message.size;
    }
    if (end == stream.size()) return messages + "+" + std::to_string(stream.size() - begin);
  }
}

}  // namespace

// The same messages come out in whatever pieces the stream comes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size < kOptionBytes) return 0;
  StreamFraming framing = options(input);
  std::string_view stream = input.substr(kOptionBytes);
  if (framing_fault(framing)) return 0;
  std::string whole = cut(framing, stream, std::max<size_t>(stream.size(), 1));
  OKLO_ASSERT(cut(framing, stream, 1) == whole);
  OKLO_ASSERT(cut(framing, stream, 7) == whole);
  return 0;
}
