#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oklo::codec {

// One event of a text/event-stream (WHATWG HTML section 9.2). Empty texts and 0 are left out; without data
// and name, an id or a retry time is told alone, and no event is dispatched.
struct StreamEvent {
  std::string_view data;
  std::string_view name;
  std::string_view id;
  uint32_t retry_ms = 0;
};

// Appends the event with the empty line behind it. Each line of the data becomes one of the stream, whether
// it ends with LF, CR LF or CR. False, and nothing is appended, when a line break or NUL stands in name or
// id.
bool append_event(std::string& out, const StreamEvent& event);

// What every client passes over.
inline constexpr std::string_view kEventComment = ":\n\n";

}  // namespace oklo::codec
