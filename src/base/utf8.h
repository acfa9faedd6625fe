#pragma once

#include <cstdint>
#include <string_view>

namespace oklo {

// Says whether bytes that come in any pieces are UTF-8 (RFC 3629: no overlong form, no surrogate, nothing
// above U+10FFFF). Plain bytes; starts anew by assignment of a new one.
class Utf8Validator {
 public:
  // False as soon as the bytes so far are not the front of any valid text, and ever after.
  bool feed(std::string_view piece);

  // Whether the text may end here: no bad byte, no unfinished sequence.
  bool finish() const { return state_ == 0; }

 private:
  uint8_t state_ = 0;
};

// Whether `text` is UTF-8 as a whole.
bool valid_utf8(std::string_view text);

}  // namespace oklo
