#include "codec/cookie.h"

#include "base/ascii.h"
#include "base/assert.h"

using namespace oklo::codec;

namespace {

void check_list(std::string_view text) {
  CookieList list(text);
  Cookie cookie;
  size_t bytes = 0;
  while (list.next(cookie)) {
    OKLO_ASSERT(!cookie.name.empty() && cookie.name.find_first_of("=;") == cookie.name.npos);
    OKLO_ASSERT(cookie.value.find(';') == cookie.value.npos);
    OKLO_ASSERT(oklo::trim(cookie.name) == cookie.name && oklo::trim(cookie.value) == cookie.value);
    bytes += cookie.name.size() + 1 + cookie.value.size();
    OKLO_ASSERT(bytes <= text.size());
  }
}

// Takes a line off the front.
std::string_view take_line(std::string_view& text) {
  size_t size = text.find('\n');
  std::string_view line = text.substr(0, size);
  text.remove_prefix(size == text.npos ? text.size() : size + 1);
  return line;
}

// A cookie out of the lines of the input. What is set comes back from a client as it was, and no attribute
// brings another one along.
void check_set(std::string_view text) {
  SetCookie wanted;
  wanted.name = take_line(text);
  wanted.value = take_line(text);
  wanted.path = take_line(text);
  wanted.domain = take_line(text);
  wanted.secure = text.size() % 2 == 1;
  wanted.same_site = static_cast<SetCookie::SameSite>(text.size() / 2 % 4);
  std::optional<std::string> line = set_cookie_value(wanted);
  if (!line) return;
  size_t attributes = !wanted.path.empty() + !wanted.domain.empty() + wanted.secure +
                      (wanted.same_site != SetCookie::SameSite::unsaid);
  size_t semicolons = 0;
  for (char c : *line) {
    OKLO_ASSERT(static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f);
    semicolons += c == ';';
  }
  OKLO_ASSERT(semicolons == attributes);
  Cookie cookie;
  OKLO_ASSERT(CookieList(*line).next(cookie));
  OKLO_ASSERT(cookie.name == wanted.name && cookie.value == wanted.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check_list(text);
  check_set(text);
  return 0;
}
