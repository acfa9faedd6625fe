#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oklo {

// How many characters so many bytes become.
constexpr size_t base64_size(size_t bytes) { return (bytes + 2) / 3 * 4; }

// Writes `bytes` in base64 with padding (RFC 4648 section 4) at `out`, which must have room for
// base64_size(bytes.size()) characters; returns the end.
char* write_base64(char* out, std::string_view bytes);

std::string base64(std::string_view bytes);

// The six bits that a character of the alphabet stands for, or -1.
int base64_value(char c);

// The bytes that `text` stands for, in `out`. Nothing where the text is not exactly what write_base64 makes
// of some bytes: another character, padding that lacks or stands elsewhere, unused bits that are not zero
// (RFC 4648 sections 3.2 to 3.5); or where `out` is too small.
std::optional<std::string_view> decode_base64(std::string_view text, std::span<char> out);

}  // namespace oklo
