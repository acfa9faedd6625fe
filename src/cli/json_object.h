#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace oklo::cli {

// Writes one object of JSON (RFC 8259), member by member. Names are the program's own, without anything to
// escape; texts are UTF-8.
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
template <class List>
std::string json_array(const List& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + ']';
}

}  // namespace oklo::cli
