#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Writes JSON (RFC 8259). Texts are UTF-8, or become JSON that is not.
namespace oklo {

// A text as JSON has it, in quotation marks.
std::string json_text(std::string_view text);

// One object, member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, uint64_t value);
  JsonObject& truth(std::string_view name, bool value);
  // A value that is JSON already.
  JsonObject& json(std::string_view name, std::string_view value);
  // The whole object; the last call.
  std::string end() { return std::move(out_ += '}'); }

 private:
  void begin_member(std::string_view name);
  std::string out_ = "{";
};

// Puts these values, which are JSON already, into an array.
std::string json_array(const std::vector<std::string>& values);

}  // namespace oklo
