#include "base/json.h"

#include "base/number.h"

namespace oklo {

namespace {

// RFC 8259 section 7.
void append_escaped(std::string& out, char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20) append_escaped(out, c);
    else out += c;
  }
  out += '"';
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out;
  append_text(out, text);
  return out;
}

void JsonObject::begin_member(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  append_text(out_, name);
  out_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  begin_member(name);
  append_text(out_, value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, uint64_t value) { return json(name, decimal(value)); }

JsonObject& JsonObject::truth(std::string_view name, bool value) {
  return json(name, value ? "true" : "false");
}

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
  begin_member(name);
  out_ += value;
  return *this;
}

std::string json_array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + ']';
}

}  // namespace oklo
