#pragma once

#include <string_view>

namespace oklo::codec {

// Walks the elements of a comma separated field value (RFC 9110 section 5.6.1): without the white space
// around them, empty ones left out. A comma in a quoted string separates nothing. A quoted string that
// does not end takes the rest. It borrows the text.
class FieldList {
 public:
  // In a quoted string a backslash takes the next character along; in an entity tag it is a character
  // like others (RFC 9110 section 8.8.3).
  enum class Backslash { escapes, literal };

  explicit FieldList(std::string_view text, Backslash backslash = Backslash::escapes)
      : rest_(text), backslash_(backslash) {}

  // Puts the next element into `element`, or returns false where there is none left.
  bool next(std::string_view& element);

 private:
  size_t element_size() const;

  std::string_view rest_;
  Backslash backslash_;
};

// Whether the list has this token as an element, letters compared without case.
bool list_has(std::string_view text, std::string_view token);

}  // namespace oklo::codec
