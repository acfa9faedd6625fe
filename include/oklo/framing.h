#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oklo {

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
  size_t size = 0;  // above kBytesMax: too long, which is an error of Server::run
  friend bool operator==(const Delimiter&, const Delimiter&) = default;
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
  bool keep_header = false;   // whether it is part of the payload that is handed on

  Delimiter delimiter = "\r\n";
  bool keep_delimiter = false;  // whether it is part of the payload that is handed on
  friend bool operator==(const StreamFraming&, const StreamFraming&) = default;
};

}  // namespace oklo
