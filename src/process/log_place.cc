#include "process/log_place.h"

#include "codec/syslog.h"

namespace oklo {

namespace {

constexpr std::string_view kSyslog = "syslog";
constexpr std::string_view kDevLog = "/dev/log";

// What stands behind "syslog:": "FACILITY", "/PATH" or "FACILITY:/PATH".
bool read_syslog(std::string_view rest, LogPlace& out) {
  if (rest.starts_with('/')) return out.path = rest, true;
  size_t colon = rest.find(":/");
  std::optional<uint8_t> facility = codec::syslog_facility(rest.substr(0, colon));
  if (colon != rest.npos) out.path = rest.substr(colon + 1);
  out.facility = facility.value_or(0);
  return facility.has_value();
}

}  // namespace

Result<LogPlace> LogPlace::parse(const std::string& text) {
  if (text == "off") return LogPlace{};
  if (text == "stderr") return LogPlace{Kind::standard_error, 0, {}};
  bool is_syslog = text == kSyslog || text.starts_with("syslog:");
  if (!is_syslog) return LogPlace{Kind::file, 0, text};
  LogPlace place = {Kind::syslog, *codec::syslog_facility("daemon"), std::string(kDevLog)};
  if (text != kSyslog && !read_syslog(std::string_view(text).substr(kSyslog.size() + 1), place))
    return Error{0, "bad log \"" + text + "\"; write syslog, syslog:FACILITY, syslog:/PATH or " +
                        "syslog:FACILITY:/PATH, with daemon, user or local0 to local7"};
  return place;
}

}  // namespace oklo
