#include "codec/url.h"

#include <array>
#include <cstdint>

#include "base/ascii.h"

namespace oklo::codec {

namespace {

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

enum class PathByte : uint8_t { plain, slash_or_dot, special };

// What each byte may mean for decoding.
constexpr std::array<PathByte, 256> kPathBytes = [] {
  std::array<PathByte, 256> bytes = {};
  for (size_t i = 0; i < bytes.size(); i++) {
    char c = static_cast<char>(i);
    if (c == '%' || is_control(c)) bytes[i] = PathByte::special;
    if (c == '/' || c == '.') bytes[i] = PathByte::slash_or_dot;
  }
  return bytes;
}();

// Whether decoding a path that begins with '/' would change nothing and refuse nothing.
bool is_plain(std::string_view raw) {
  for (size_t i = 1; i < raw.size(); i++) {
    PathByte kind = kPathBytes[static_cast<unsigned char>(raw[i])];
    if (kind == PathByte::plain) continue;
    if (kind == PathByte::special || raw[i - 1] == '/') return false;
  }
  return true;
}

// The byte that the escape at the front of `text` stands for, or -1.
int decode_escape(std::string_view text) {
  if (text.size() < 3) return -1;
  int high = hex_value(text[1]);
  int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// The path that is being built, segment by segment. Lives in decode_path.
class PathBuilder {
 public:
  explicit PathBuilder(char* out) : out_(out) { out_[0] = '/'; }

  void add(char c) { out_[size_++] = c; }

  // Ends the segment, at a slash or (`last`) at the end of the path; false where ".." leaves the root.
  bool end_segment(bool last) {
    std::string_view segment(out_ + segment_at_, size_ - segment_at_);
    if (segment == "..") return remove_parent();
    if (segment.empty() || segment == ".") {
      size_ = segment_at_;
      return true;
    }
    if (!last) add('/');
    segment_at_ = size_;
    return true;
  }

  std::string_view path() const { return {out_, size_}; }

 private:
  bool remove_parent() {
    if (segment_at_ == 1) return false;
    size_ = segment_at_ - 1;
    while (out_[size_ - 1] != '/') size_--;
    segment_at_ = size_;
    return true;
  }

  char* out_;
  size_t size_ = 1;
  size_t segment_at_ = 1;
};

constexpr char kHexDigits[] = "0123456789ABCDEF";

constexpr bool stands_in_path(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("/-._~!$()*+,;=:@").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string_view> decode_path(std::string_view raw, std::span<char> out) {
  if (raw.empty() || raw[0] != '/') return std::nullopt;
  if (is_plain(raw)) return raw;
  if (raw.size() > out.size()) return std::nullopt;
  PathBuilder builder(out.data());
  for (size_t i = 1; i < raw.size(); i++) {
    char c = raw[i];
    if (c == '/') {
      if (!builder.end_segment(false)) return std::nullopt;
      continue;
    }
    if (c == '%') {
      int byte = decode_escape(raw.substr(i));
      if (byte < 0 || byte == '/') return std::nullopt;
      c = static_cast<char>(byte);
      i += 2;
    }
    if (is_control(c)) return std::nullopt;
    builder.add(c);
  }
  if (!builder.end_segment(true)) return std::nullopt;
  return builder.path();
}

std::optional<std::string> decode_part(std::string_view raw) {
  std::string decoded;
  for (size_t i = 0; i < raw.size(); i++) {
    int c = raw[i] == '%' ? decode_escape(raw.substr(i)) : static_cast<unsigned char>(raw[i]);
    if (c < 0) return std::nullopt;
    if (raw[i] == '%') i += 2;
    decoded.push_back(static_cast<char>(c));
  }
  return decoded;
}

void encode_path(std::string& out, std::string_view path) {
  for (char c : path) {
    if (stands_in_path(c)) {
      out += c;
      continue;
    }
    unsigned byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

void escape_html(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

}  // namespace oklo::codec
