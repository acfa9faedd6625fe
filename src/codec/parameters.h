#pragma once

#include <string>
#include <string_view>

namespace oklo::codec {

// A parameter of a field value. The value is without its quotes; backslashes in it are as they were.
struct Parameter {
  std::string_view name;
  std::string_view value;
};

// Walks the parameters of a field value, `item; name=value; name="value"` (RFC 9110 section 5.6.6). A value
// without quotes may be more than a token: some clients do not quote a boundary that has to be. It borrows
// the text.
class ParameterList {
 public:
  explicit ParameterList(std::string_view text);

  // What stands in front of the first semicolon.
  std::string_view item() const { return item_; }

  // Puts the next parameter into `parameter`, or returns false where there is none left or it is malformed.
  bool next(Parameter& parameter);

  // Whether the last next() met something malformed.
  bool bad() const { return bad_; }

 private:
  bool take_value(std::string_view& value);

  std::string_view item_;
  std::string_view rest_;  // empty, or it begins with a semicolon
  bool bad_ = false;
};

// The text of a quoted value. A backslash in front of a quote or of another backslash falls away; any other
// is a character like others, for browsers send file names with backslashes as they are.
std::string unescape_quoted(std::string_view value);

}  // namespace oklo::codec
