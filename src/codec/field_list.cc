#include "codec/field_list.h"

#include "base/ascii.h"

namespace oklo::codec {

bool FieldList::next(std::string_view& element) {
  while (!rest_.empty()) {
    size_t size = element_size();
    element = trim(rest_.substr(0, size));
    rest_.remove_prefix(size < rest_.size() ? size + 1 : size);
    if (!element.empty()) return true;
  }
  return false;
}

// How far it is to the next comma outside quotes.
size_t FieldList::element_size() const {
  bool quoted = false;
  size_t at = 0;
  for (; at < rest_.size(); at++) {
    char c = rest_[at];
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) return at;
    if (c == '\\' && quoted && backslash_ == Backslash::escapes && at + 1 < rest_.size()) at++;
  }
  return at;
}

bool list_has(std::string_view text, std::string_view token) {
  FieldList list(text);
  std::string_view element;
  while (list.next(element))
    if (equal_ignoring_case(element, token)) return true;
  return false;
}

}  // namespace oklo::codec
