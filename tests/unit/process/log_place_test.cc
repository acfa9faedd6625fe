#include "process/log_place.h"

#include <doctest/doctest.h>

using oklo::LogPlace;
using Kind = LogPlace::Kind;

TEST_CASE("process/log_place: what a log may be") {
  struct Row {
    const char* text;
    Kind kind;
    int facility;
    const char* path;
  };
  const Row rows[] = {
      {"off", Kind::off, 0, ""},
      {"stderr", Kind::standard_error, 0, ""},
      {"/var/log/oklo", Kind::file, 0, "/var/log/oklo"},
      {"relative", Kind::file, 0, "relative"},
      {"syslogs", Kind::file, 0, "syslogs"},
      {"./syslog", Kind::file, 0, "./syslog"},
      {"syslog", Kind::syslog, 3, "/dev/log"},
      {"syslog:local7", Kind::syslog, 23, "/dev/log"},
      {"syslog:/run/log", Kind::syslog, 3, "/run/log"},
      {"syslog:user:/run/log", Kind::syslog, 1, "/run/log"},
      {"syslog:/a:b", Kind::syslog, 3, "/a:b"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto place = LogPlace::parse(row.text);
    REQUIRE(place.ok());
    CHECK(place->kind == row.kind);
    CHECK(place->facility == row.facility);
    CHECK(place->path == row.path);
  }
}

TEST_CASE("process/log_place: what is none is told with what there is") {
  for (const char* text : {"syslog:", "syslog::/run/log", "syslog:kern", "syslog:local8:/run/log",
                           "syslog:local0:", "syslog:relative", "syslog:local0:relative"}) {
    CAPTURE(text);
    auto place = LogPlace::parse(text);
    REQUIRE_FALSE(place.ok());
    CHECK(place.error().text.starts_with("bad log \"" + std::string(text) + "\"; write syslog, "));
  }
}
