#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oklo::codec {

// A name and a value as they were written, with their escapes; views of the text.
struct FormPair {
  std::string_view name;
  std::string_view value;
};

// Walks the pairs of a query or of an application/x-www-form-urlencoded body (URL Standard section 5.1).
// Any text is one, so nothing is refused; what has no '=' is a name without a value. It borrows the text.
class FormPairs {
 public:
  explicit FormPairs(std::string_view text) : rest_(text) {}

  // Puts the next pair into `pair`, or returns false where there is none left.
  bool next(FormPair& pair);

 private:
  std::string_view rest_;
};

// A name or a value with '+' made a space and its escapes decoded; a '%' that begins none stays as it is. It
// is never longer than the text. Its bytes may be anything: not UTF-8, controls, NUL.
std::string decode_form(std::string_view raw);

// Whether the decoded text is `wanted`; without a copy.
bool form_equal(std::string_view raw, std::string_view wanted);

// The decoded value of the first pair with that name, which is compared decoded.
std::optional<std::string> find_form(std::string_view text, std::string_view name);

}  // namespace oklo::codec
