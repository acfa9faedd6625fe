#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oklo {

// A JSON string; what is not ASCII passes as it is (RFC 8259 section 7).
void add_quoted(std::string& out, std::string_view text);
// A member of an object, with a comma behind it: the last one of an object becomes its end.
void add_member(std::string& out, std::string_view name, uint64_t value);
void add_member(std::string& out, std::string_view name, std::string_view text);

}  // namespace oklo
