#include "codec/event_stream.h"

#include "base/number.h"

namespace oklo::codec {

namespace {

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\n");
}

// The line at the front of `rest`, which loses it and its end.
std::string_view take_line(std::string_view& rest) {
  std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
  rest.remove_prefix(line.size());
  if (!rest.empty()) rest.remove_prefix(rest.starts_with("\r\n") ? 2 : 1);
  return line;
}

}  // namespace

bool append_event(std::string& out, const StreamEvent& event) {
  if (!is_one_line(event.name) || !is_one_line(event.id)) return false;
  if (!event.name.empty()) append_field(out, "event", event.name);
  if (!event.id.empty()) append_field(out, "id", event.id);
  if (event.retry_ms) append_field(out, "retry", decimal(event.retry_ms));
  bool dispatched = !event.data.empty() || !event.name.empty() || (event.id.empty() && !event.retry_ms);
  bool more = dispatched;
  for (std::string_view rest = event.data; more;) {
    size_t before = rest.size();
    std::string_view line = take_line(rest);
    more = before > line.size();  // A break that ends the data has an empty line behind it.
    append_field(out, "data", line);
  }
  out.append("\n");
  return true;
}

}  // namespace oklo::codec
