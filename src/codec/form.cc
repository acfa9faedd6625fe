#include "codec/form.h"

#include <algorithm>

#include "base/ascii.h"

namespace oklo::codec {
namespace {

// Takes one character, in whatever form it is written, from the front of a text that is not empty.
char take_character(std::string_view& raw) {
  char c = raw.front();
  if (c == '%' && raw.size() >= 3) {
    int high = hex_value(raw[1]);
    int low = hex_value(raw[2]);
    if (high >= 0 && low >= 0) {
      raw.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  raw.remove_prefix(1);
  return c == '+' ? ' ' : c;
}

}  // namespace

bool FormPairs::next(FormPair& pair) {
  while (!rest_.empty()) {
    size_t size = std::min(rest_.find('&'), rest_.size());
    std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size < rest_.size() ? size + 1 : size);
    if (text.empty()) continue;
    size_t equals = std::min(text.find('='), text.size());
    pair.name = text.substr(0, equals);
    pair.value = text.substr(std::min(equals + 1, text.size()));
    return true;
  }
  return false;
}

std::string decode_form(std::string_view raw) {
  std::string decoded;
  decoded.reserve(raw.size());
  while (!raw.empty()) decoded.push_back(take_character(raw));
  return decoded;
}

bool form_equal(std::string_view raw, std::string_view wanted) {
  for (char c : wanted)
    if (raw.empty() || take_character(raw) != c) return false;
  return raw.empty();
}

std::optional<std::string> find_form(std::string_view text, std::string_view name) {
  FormPairs pairs(text);
  FormPair pair;
  while (pairs.next(pair))
    if (form_equal(pair.name, name)) return decode_form(pair.value);
  return std::nullopt;
}

}  // namespace oklo::codec
