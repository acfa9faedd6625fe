#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

// An event as a client dispatches it.
struct SeenEvent {
  std::string name, data, id;
  friend bool operator==(const SeenEvent&, const SeenEvent&) = default;
};

// A client's side of an event stream (WHATWG HTML section 9.2.6). It holds what it has read.
struct EventStreamReader {
  void read(std::string_view stream) {
    while (!stream.empty()) {
      size_t size = stream.find_first_of("\r\n");
      if (size == stream.npos) {
        faults++;  // a line without its end
        return;
      }
      take(stream.substr(0, size));
      stream.remove_prefix(size + (stream.substr(size).starts_with("\r\n") ? 2 : 1));
    }
  }
  void take(std::string_view line) {
    if (line.empty()) return dispatch();
    std::string_view field = line.substr(0, line.find(':'));
    std::string_view value = field.size() < line.size() ? line.substr(field.size() + 1) : "";
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") name = value;
    else if (field == "data") data.append(value).append("\n");
    else if (field == "id" && value.find('\0') == value.npos) id = value;
    else if (field == "retry") retry_ms = std::atoi(std::string(value).c_str());
    else if (!field.empty()) faults++;
  }
  void dispatch() {
    if (!data.empty()) {
      data.pop_back();
      seen.push_back({name.empty() ? "message" : name, data, id});
    }
    data.clear();
    name.clear();
  }

  std::vector<SeenEvent> seen;
  std::string name, data, id;
  int retry_ms = -1;
  int faults = 0;
};
