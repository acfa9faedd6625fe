#include "http/date_line.h"

namespace oklo::http {

void DateLine::write(int64_t second) {
  char* out = text_ + kStatusLine.copy(text_, kStatusLine.size());
  out += kServer.copy(out, kServer.size());
  codec::write_http_date(out, second);
  out[codec::kHttpDateBytes] = '\r';
  out[codec::kHttpDateBytes + 1] = '\n';
  second_ = second;
}

}  // namespace oklo::http
