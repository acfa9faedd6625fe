#include "codec/syslog.h"

#include <doctest/doctest.h>

using namespace oklo;
using namespace oklo::codec;

TEST_CASE("codec/syslog: the facilities by name") {
  CHECK(syslog_facility("user") == 1);
  CHECK(syslog_facility("daemon") == 3);
  CHECK(syslog_facility("local0") == 16);
  CHECK(syslog_facility("local7") == 23);
  for (const char* name : {"", "local", "local8", "local00", "Daemon", "kern", "daemon "}) {
    CAPTURE(name);
    CHECK_FALSE(syslog_facility(name).has_value());
  }
}

TEST_CASE("codec/syslog: what stands in front of a message") {
  CHECK(syslog_priority(3, SyslogSeverity::notice) == 29);
  CHECK(syslog_priority(3, SyslogSeverity::info) == 30);
  CHECK(syslog_priority(23, SyslogSeverity::info) == 190);
  std::string out = "before ";
  begin_syslog(out, 29, {.year = 2026, .month = 11, .day = 22, .hour = 1, .minute = 2, .second = 3}, 123);
  CHECK(out == "before <29>Nov 22 01:02:03 oklo[123]: ");
  out.clear();
  begin_syslog(out, 190, {.month = 1, .day = 5, .hour = 23, .minute = 59, .second = 59}, 1);
  CHECK(out == "<190>Jan  5 23:59:59 oklo[1]: ");
}
