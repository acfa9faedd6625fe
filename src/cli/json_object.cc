#include "cli/json_object.h"

#include "base/number.h"

namespace oklo::cli {

namespace {

// RFC 8259 section 7.
void append_escaped(std::string& out, char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

}  // namespace

void JsonObject::begin_member(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  begin_member(name);
  out_ += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') (out_ += '\\') += c;
    else if (c == '\n') out_ += "\\n";
    else if (c == '\t') out_ += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20) append_escaped(out_, c);
    else out_ += c;
  }
  out_ += '"';
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

}  // namespace oklo::cli
