#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oklo::codec {

// The bytes between two messages of a stream, at most eight.
struct Delimiter {
  static constexpr size_t kBytesMax = 8;

  constexpr Delimiter() = default;
  constexpr Delimiter(std::string_view text) : size(text.size()) {
    for (size_t i = 0; i < text.size() && i < kBytesMax; i++) bytes[i] = text[i];
  }
  constexpr Delimiter(const char* text) : Delimiter(std::string_view(text)) {}
  constexpr std::string_view view() const { return {bytes, size}; }

  char bytes[kBytesMax] = {};
  size_t size = 0;
};

// How a stream of bytes is cut into messages. Plain options; each kind looks at its own ones alone.
struct StreamFraming {
  enum class Kind : uint8_t {
    none,          // whatever comes is a message
    fixed,         // each message has the same size
    length_field,  // a header says how long the message is
    delimiter,     // each message ends with the same bytes
  };
  enum class ByteOrder : uint8_t { big, little };
  enum class Counts : uint8_t {
    payload,  // the number in the header is the size of what follows the header
    message,  // it is the size of header and payload
  };

  Kind kind = Kind::none;
  uint32_t message_bytes_max = 1 << 20;  // with header or delimiter

  uint32_t fixed_bytes = 0;  // of a message

  uint32_t length_at = 0;     // place of the length field in the message
  uint8_t length_bytes = 4;   // 1, 2, 3, 4 or 8
  uint32_t header_bytes = 0;  // in front of the payload; 0: the header ends with the length field
  ByteOrder length_order = ByteOrder::big;
  Counts length_counts = Counts::payload;
  int32_t length_adjust = 0;  // added to the number in the header

  Delimiter delimiter = "\r\n";
  bool keep_delimiter = false;  // whether it is part of the payload that is handed on
};

// What is wrong with the options, as a sentence for whoever wrote them, or nullptr.
const char* framing_fault(const StreamFraming& framing);

// The message at the front of some bytes of a stream.
struct FramedMessage {
  enum class State : uint8_t { need_more, complete, too_long, bad };

  State state = State::need_more;
  size_t size = 0;          // of the whole message; with need_more 0 where it is not known yet
  size_t payload_at = 0;    // with complete
  size_t payload_size = 0;  // with complete
  size_t scanned = 0;       // with need_more: so many bytes need not be looked at again
};

// Looks for a message at the front of `bytes`. The options must be without fault. Who comes again with the
// same bytes and more behind them hands in what was scanned the last time: so no byte is searched twice,
// however small the pieces are. What is too long or bad stays so: such a stream can't be read on.
FramedMessage find_message(const StreamFraming& framing, std::string_view bytes, size_t scanned = 0);

}  // namespace oklo::codec
