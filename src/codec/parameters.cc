#include "codec/parameters.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/characters.h"

namespace oklo::codec {
namespace {

bool is_escape(std::string_view text, size_t at) {
  return text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
}

// The place of the quote that ends a quoted string whose opening quote is the first character.
size_t closing_quote(std::string_view text) {
  for (size_t at = 1; at < text.size(); at++) {
    if (text[at] == '"') return at;
    if (is_escape(text, at)) at++;
  }
  return std::string_view::npos;
}

bool is_bare(char c) { return is_value_char(c) && c != ' ' && c != '\t' && c != '"'; }

}  // namespace

ParameterList::ParameterList(std::string_view text) {
  size_t size = std::min(text.find(';'), text.size());
  item_ = trim(text.substr(0, size));
  rest_ = text.substr(size);
}

bool ParameterList::next(Parameter& parameter) {
  while (!rest_.empty() && !bad_) {
    rest_ = trim(rest_.substr(1));
    if (rest_.empty() || rest_.front() == ';') continue;
    size_t equals = std::min(rest_.find('='), rest_.size());
    parameter.name = rest_.substr(0, equals);
    bool token = is_token(parameter.name);
    rest_.remove_prefix(std::min(equals + 1, rest_.size()));
    bad_ = !token || !take_value(parameter.value);
    return !bad_;
  }
  return false;
}

// Takes a value and the blanks behind it from the front of the rest.
bool ParameterList::take_value(std::string_view& value) {
  bool quoted = !rest_.empty() && rest_.front() == '"';
  size_t end = quoted ? closing_quote(rest_) : std::min(rest_.find(';'), rest_.size());
  if (end == std::string_view::npos) return false;
  value = quoted ? rest_.substr(1, end - 1) : trim(rest_.substr(0, end));
  rest_ = trim(rest_.substr(quoted ? end + 1 : end));
  if (!rest_.empty() && rest_.front() != ';') return false;
  return quoted || (!value.empty() && std::all_of(value.begin(), value.end(), is_bare));
}

std::string unescape_quoted(std::string_view value) {
  std::string text;
  for (size_t at = 0; at < value.size(); at++) {
    if (is_escape(value, at)) at++;
    text.push_back(value[at]);
  }
  return text;
}

}  // namespace oklo::codec
