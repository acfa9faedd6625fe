#include "codec/file_name.h"

#include "base/ascii.h"
#include "base/utf8.h"

namespace oklo::codec {
namespace {

constexpr size_t kExtensionBytesMax = 16;  // with its dot

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool is_safe(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view(".-_ ").find(c) != std::string_view::npos;
}

// U+0080 to U+009F are controls.
bool is_control(std::string_view text, size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

std::string_view extension_of(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot > kExtensionBytesMax) return {};
  std::string_view extension = name.substr(dot);
  for (char c : extension)
    if (!is_ascii(c)) return {};
  return extension;
}

std::string shortened(std::string_view name) {
  std::string_view extension = extension_of(name);
  size_t size = kFileNameBytesMax - extension.size();
  while (is_continuation(name[size])) size--;
  return std::string(name.substr(0, size)).append(extension);
}

}  // namespace

std::string safe_file_name(std::string_view sent) {
  std::string_view base = sent.substr(sent.find_last_of("/\\") + 1);
  bool text = valid_utf8(base);
  std::string name;
  for (size_t at = 0; at < base.size(); at++) {
    bool control = text && is_control(base, at);
    bool keep = is_ascii(base[at]) ? is_safe(base[at]) : text && !control;
    name.push_back(keep ? base[at] : '_');
    if (control) at++;
  }
  while (name.ends_with(' ')) name.pop_back();
  name.erase(0, name.find_first_not_of(' '));
  if (name.empty()) return "file";
  if (name[0] == '.' || name[0] == '-') name[0] = '_';
  return name.size() > kFileNameBytesMax ? shortened(name) : name;
}

}  // namespace oklo::codec
