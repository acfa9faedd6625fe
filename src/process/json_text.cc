#include "process/json_text.h"

#include "base/number.h"

namespace oklo {

void add_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (static_cast<unsigned char>(c) >= 0x20) out.push_back(c);
    else out.append("\\u00").append({kHex[c >> 4], kHex[c & 15]});
  }
  out.push_back('"');
}

void add_member(std::string& out, std::string_view name, uint64_t value) {
  out.append("\"").append(name).append("\":").append(decimal(value)).append(",");
}

void add_member(std::string& out, std::string_view name, std::string_view text) {
  out.append("\"").append(name).append("\":");
  add_quoted(out, text);
  out.append(",");
}

}  // namespace oklo
