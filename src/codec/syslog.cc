#include "codec/syslog.h"

#include "base/number.h"

namespace oklo::codec {

namespace {

constexpr uint8_t kUser = 1;
constexpr uint8_t kDaemon = 3;
constexpr uint8_t kLocal0 = 16;

}  // namespace

std::optional<uint8_t> syslog_facility(std::string_view name) {
  if (name == "user") return kUser;
  if (name == "daemon") return kDaemon;
  bool local = name.size() == 6 && name.starts_with("local") && name[5] >= '0' && name[5] <= '7';
  if (!local) return std::nullopt;
  return static_cast<uint8_t>(kLocal0 + (name[5] - '0'));
}

// A day of one digit has a blank in front.
void begin_syslog(std::string& out, uint8_t priority, const CivilTime& time, uint32_t pid) {
  char clock[8] = {0, 0, ':', 0, 0, ':', 0, 0};
  write_digits(clock, time.hour, 2);
  write_digits(clock + 3, time.minute, 2);
  write_digits(clock + 6, time.second, 2);
  out.append("<").append(decimal(priority)).append(">").append(month_name(time.month));
  out.append(time.day < 10 ? "  " : " ").append(decimal(time.day)).append(" ");
  out.append(clock, sizeof clock).append(" oklo[").append(decimal(pid)).append("]: ");
}

}  // namespace oklo::codec
