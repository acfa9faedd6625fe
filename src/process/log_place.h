#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oklo {

// What a log of ServerOptions names.
struct LogPlace {
  enum class Kind : uint8_t { off, standard_error, file, syslog };
  Kind kind = Kind::off;
  uint8_t facility = 0;  // of syslog
  std::string path;      // of the file, or of the daemon's socket

  // Whether there is something that can be opened anew.
  bool is_opened() const { return kind == Kind::file || kind == Kind::syslog; }

  // "off", "stderr", "syslog", "syslog:local0", "syslog:/path", "syslog:local0:/path", or the path of a file.
  static Result<LogPlace> parse(const std::string& text);
};

}  // namespace oklo
