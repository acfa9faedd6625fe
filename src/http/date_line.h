#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "codec/http_date.h"

namespace oklo::http {

// How nearly every answer of a worker begins: the status line of a 200, then the fields that all answers
// bear, "Server" and "Date" (RFC 9110 sections 10.2.4 and 6.6.1). Written once a second.
class DateLine {
 public:
  static constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n";
  static constexpr std::string_view kServer = "Server: oklo\r\nDate: ";
  static constexpr size_t kFieldsBytes = kServer.size() + codec::kHttpDateBytes + 2;
  static constexpr size_t kBytes = kStatusLine.size() + kFieldsBytes;

  // kBytes: the status line and the fields.
  const char* start(const Clock& clock) {
    if (clock.wall_s != second_) write(clock.wall_s);
    return text_;
  }
  // kFieldsBytes: the fields alone, for another status.
  const char* fields(const Clock& clock) { return start(clock) + kStatusLine.size(); }

 private:
  void write(int64_t second);

  int64_t second_ = -1;
  char text_[kBytes] = {};
};

}  // namespace oklo::http
