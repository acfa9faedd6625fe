#include "http/date_line.h"

#include <cstring>

#include "codec/http_date.h"

namespace oklo::http {

void DateLine::write(int64_t second) {
  constexpr std::string_view kBefore = "Server: oklo\r\nDate: ";
  std::memcpy(text_, kBefore.data(), kBefore.size());
  codec::write_http_date(text_ + kBefore.size(), second);
  std::memcpy(text_ + kBefore.size() + codec::kHttpDateBytes, "\r\n", 2);
  size_ = kBefore.size() + codec::kHttpDateBytes + 2;
  second_ = second;
}

}  // namespace oklo::http
