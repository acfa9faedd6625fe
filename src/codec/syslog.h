#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/civil_time.h"

// Messages to the syslog daemon of the same host (RFC 3164).
namespace oklo::codec {

// The number of a facility, by its name: "daemon", "local0" to "local7", "user" (RFC 3164 section 4.1.1).
std::optional<uint8_t> syslog_facility(std::string_view name);

enum class SyslogSeverity : uint8_t { notice = 5, info = 6 };

// What stands in front of a message as its priority. 0 is that of the kernel's emergencies, which no program
// sends.
constexpr uint8_t syslog_priority(uint8_t facility, SyslogSeverity severity) {
  return static_cast<uint8_t>(facility * 8 + static_cast<uint8_t>(severity));
}

// Appends what stands in front of a message, "<29>Nov 22 01:02:03 oklo[123]: ". It is the form that syslog(3)
// sends to /dev/log, and which all daemons there read: those of busybox and OpenWrt want a time at its place,
// none wants the name of the host, and few know the form of RFC 5424.
void begin_syslog(std::string& out, uint8_t priority, const CivilTime& time, uint32_t pid);

}  // namespace oklo::codec
