#include "base/utf8.h"

#include <string>

#include "base/assert.h"
#include "guarded.h"

using oklo::Utf8Validator;

namespace {

// The plain way: take the character apart, then look whether it may be. How many bytes it has, or 0.
size_t character_size(std::string_view text) {
  auto byte = [text](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  unsigned code = first & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; i++) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr unsigned kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  bool right = first >= 0xc0 && first < 0xf8 && code >= kLeast[size] && code <= 0x10ffff;
  return right && (code < 0xd800 || code > 0xdfff) ? size : 0;
}

bool plainly_valid(std::string_view text) {
  while (!text.empty()) {
    size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

// The same as the plain way, whole and in two pieces; a text that has failed does not recover, and one that
// has not can still become valid.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  bool valid = plainly_valid(text);
  OKLO_ASSERT(oklo::valid_utf8(text) == valid);
  Utf8Validator bytewise;
  size_t fine = 0;
  while (fine < size && bytewise.feed(text.substr(fine, 1))) fine++;
  OKLO_ASSERT((fine == size && bytewise.finish()) == valid);
  for (size_t split : {size / 3, size / 2, fine, size}) {
    Guarded front(text.substr(0, split));
    Utf8Validator validator;
    OKLO_ASSERT(validator.feed(front.view()) == (split <= fine));
    OKLO_ASSERT(validator.feed(text.substr(split)) == (fine == size));
    OKLO_ASSERT(validator.finish() == valid);
  }
  if (fine < size || valid) return 0;
  bool completed = false;
  for (const char* rest : {"\x80", "\x80\x80", "\x80\x80\x80", "\xa0\x80", "\x90\x80\x80"})
    completed |= oklo::valid_utf8(std::string(text).append(rest));
  OKLO_ASSERT(completed);
  return 0;
}
