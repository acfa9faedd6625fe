#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace oklo::codec {

// What a client has to know of the head of an answer. It points into the buffer by offsets, so it moves with
// the bytes: `base` is the buffer that the views are made from.
struct ReplyHead {
  struct Field {
    uint16_t name_at = 0, name_size = 0;
    uint16_t value_at = 0, value_size = 0;
  };
  // How the content is delimited, once it is known that there may be one (RFC 9112 section 6.3).
  enum class Framing : uint8_t { length, chunked, until_close };

  const char* base = nullptr;
  uint32_t size = 0;  // bytes of the head, the empty line at its end included
  uint16_t status = 0;
  uint8_t minor_version = 1;
  bool keep_alive = true;  // what the server means to do, version and Connection considered
  Framing framing = Framing::until_close;
  uint64_t content_length = 0;  // with Framing::length
  uint16_t reason_at = 0, reason_size = 0;
  std::vector<Field> fields;

  std::string_view view(size_t at, size_t bytes) const { return {base + at, bytes}; }
  std::string_view reason() const { return view(reason_at, reason_size); }
  std::string_view name(const Field& f) const { return view(f.name_at, f.name_size); }
  std::string_view value(const Field& f) const { return view(f.value_at, f.value_size); }
  // The value of the first field with that name, letters compared without case; empty where there is none.
  std::string_view find(std::string_view name) const;
};

struct ReplyOutcome {
  enum class Kind : uint8_t { complete, need_more, bad };
  Kind kind = Kind::need_more;
  const char* reason = "";  // with bad: what is wrong, in a few words
};

inline constexpr size_t kReplyHeadBytesMax = 16 * 1024;
inline constexpr size_t kReplyFieldsMax = 128;

// Reads the head of an answer from the front of `bytes`, of which the first kReplyHeadBytesMax count. Strict
// (RFC 9112): lines end with CR LF, and what two readers may understand in two ways is bad. The bytes are
// changed only where a field is folded over lines: the line break becomes spaces (section 5.2).
ReplyOutcome parse_reply_head(std::span<char> bytes, ReplyHead& out);

}  // namespace oklo::codec
