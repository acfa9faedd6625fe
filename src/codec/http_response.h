#pragma once

#include <cstddef>
#include <string_view>

namespace oklo::codec {

// The reason phrase of a registered status (RFC 9110 section 15 and the IANA registry), else empty.
std::string_view reason_phrase(int status);

// The whole first line of an answer, "HTTP/1.1 200 OK\r\n". Of a status that is not registered it is empty;
// write_status_line knows a line for it.
std::string_view status_line(int status);

inline constexpr size_t kStatusLineBytesMax = 64;

// Writes the first line for any status from 100 to 999; returns its end.
char* write_status_line(char* out, int status);

// Whether a handler's field may be sent: the name is a token, the value holds no line end, NUL or other
// control but HTAB (RFC 9110 section 5.5).
bool valid_field(std::string_view name, std::string_view value);

// Whether it is one of those that the server says itself: a second word on it would contradict the first.
bool is_server_field(std::string_view name);

}  // namespace oklo::codec
