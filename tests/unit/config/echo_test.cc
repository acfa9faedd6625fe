#include "config/echo.h"

#include <doctest/doctest.h>

using oklo::config::may_echo_to;

TEST_CASE("config/echo: what may answer by itself gets no datagram") {
  CHECK(may_echo_to("192.0.2.1:1024", 9502));
  CHECK(may_echo_to("[2001:db8::1]:50000", 9502));
  CHECK_FALSE(may_echo_to("192.0.2.1:7", 9502));
  CHECK_FALSE(may_echo_to("[2001:db8::1]:1023", 9502));
  CHECK_FALSE(may_echo_to("192.0.2.1:9502", 9502));
  CHECK_FALSE(may_echo_to("192.0.2.1:0", 0));
  CHECK_FALSE(may_echo_to("unix", 9502));
}
