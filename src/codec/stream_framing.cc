#include "codec/stream_framing.h"

#include <algorithm>

namespace oklo::codec {
namespace {

using State = FramedMessage::State;

FramedMessage of_state(State state) {
  FramedMessage message;
  message.state = state;
  return message;
}

// A message of a known size, of which so many bytes are there.
FramedMessage of_size(size_t size, size_t payload_at, size_t there) {
  FramedMessage message;
  message.size = size;
  if (there < size) return message;
  message.state = State::complete;
  message.payload_at = payload_at;
  message.payload_size = size - payload_at;
  return message;
}

uint64_t read_length(const StreamFraming& framing, const char* field) {
  uint64_t length = 0;
  const size_t count = framing.length_bytes;
  if (framing.length_order == StreamFraming::ByteOrder::big) {
    for (size_t i = 0; i < count; i++) length = length << 8 | static_cast<unsigned char>(field[i]);
  } else {
    for (size_t i = count; i > 0; i--) length = length << 8 | static_cast<unsigned char>(field[i - 1]);
  }
  return length;
}

uint32_t header_bytes(const StreamFraming& framing) {
  return framing.header_bytes > 0 ? framing.header_bytes : framing.length_at + framing.length_bytes;
}

FramedMessage by_length(const StreamFraming& framing, std::string_view bytes) {
  if (bytes.size() < size_t{framing.length_at} + framing.length_bytes) return {};
  uint64_t length = read_length(framing, bytes.data() + framing.length_at);
  // A number above this is too long whatever is added to it, and one below can't overflow.
  constexpr uint64_t kLengthMax = uint64_t{1} << 33;
  if (length > kLengthMax) return of_state(State::too_long);
  const int64_t header = header_bytes(framing);
  int64_t size = static_cast<int64_t>(length) + framing.length_adjust;
  if (framing.length_counts == StreamFraming::Counts::payload) size += header;
  if (size < header) return of_state(State::bad);
  if (size > int64_t{framing.message_bytes_max}) return of_state(State::too_long);
  int64_t payload_at = framing.keep_header ? 0 : header;
  return of_size(static_cast<size_t>(size), static_cast<size_t>(payload_at), bytes.size());
}

FramedMessage by_delimiter(const StreamFraming& framing, std::string_view bytes, size_t scanned) {
  std::string_view delimiter = framing.delimiter.view();
  std::string_view allowed = bytes.substr(0, framing.message_bytes_max);
  size_t at = allowed.find(delimiter, std::min(scanned, allowed.size()));
  if (at == std::string_view::npos) {
    if (bytes.size() >= framing.message_bytes_max) return of_state(State::too_long);
    FramedMessage message;
    message.scanned = std::max(scanned, bytes.size() - std::min(bytes.size(), delimiter.size() - 1));
    return message;
  }
  FramedMessage message = of_size(at + delimiter.size(), 0, bytes.size());
  if (!framing.keep_delimiter) message.payload_size = at;
  return message;
}

const char* length_fault(const StreamFraming& framing) {
  uint32_t bytes = framing.length_bytes;
  if (bytes == 0 || bytes > 8 || (bytes > 4 && bytes < 8)) return "length_bytes must be 1, 2, 3, 4 or 8";
  uint64_t end = uint64_t{framing.length_at} + bytes;
  if (framing.header_bytes > 0 && framing.header_bytes < end)
    return "the length field must lie within header_bytes";
  return std::max<uint64_t>(framing.header_bytes, end) > framing.message_bytes_max
             ? "message_bytes_max must have room for the header"
             : nullptr;
}

const char* delimiter_fault(const StreamFraming& framing) {
  size_t size = framing.delimiter.size;
  if (size == 0) return "the delimiter must have at least 1 byte";
  if (size > Delimiter::kBytesMax) return "the delimiter must have at most 8 bytes";
  return size > framing.message_bytes_max ? "message_bytes_max must have room for the delimiter" : nullptr;
}

}  // namespace

const char* framing_fault(const StreamFraming& framing) {
  if (framing.message_bytes_max == 0) return "message_bytes_max must be at least 1";
  switch (framing.kind) {
    case StreamFraming::Kind::none:
      return nullptr;
    case StreamFraming::Kind::fixed:
      if (framing.fixed_bytes == 0) return "fixed_bytes must be at least 1";
      return framing.fixed_bytes > framing.message_bytes_max ? "fixed_bytes is above message_bytes_max"
                                                             : nullptr;
    case StreamFraming::Kind::length_field:
      return length_fault(framing);
    case StreamFraming::Kind::delimiter:
      return delimiter_fault(framing);
  }
  return "unknown kind of framing";
}

FramedMessage find_message(const StreamFraming& framing, std::string_view bytes, size_t scanned) {
  switch (framing.kind) {
    case StreamFraming::Kind::none:
      return bytes.empty() ? FramedMessage() : of_size(bytes.size(), 0, bytes.size());
    case StreamFraming::Kind::fixed:
      return of_size(framing.fixed_bytes, 0, bytes.size());
    case StreamFraming::Kind::length_field:
      return by_length(framing, bytes);
    case StreamFraming::Kind::delimiter:
      return by_delimiter(framing, bytes, scanned);
  }
  return of_state(State::bad);
}

}  // namespace oklo::codec
