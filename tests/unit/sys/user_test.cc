#include "sys/user.h"

#include <doctest/doctest.h>

#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# a comment\n"
    "\n"
    "broken\n"
    "noid:x::\n"
    "text:x:abc:1::\n"
    "negative:x:-1:1::\n"
    "huge:x:4294967295:1::\n"
    ":x:77:77::\n"
    "+::::::\n"
    "www-data:x:33:34:www-data:/var/www:/usr/sbin/nologin\n"
    "www-data:x:99:99:second:/:/\n"
    "short:x:5:6\n"
    "123:x:7:8::\n"
    "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin";

}  // namespace

TEST_CASE("sys/user: finds by name and by number") {
  TempDir temp;
  temp.file("passwd", kPasswd);
  struct Row {
    const char* name;
    uid_t uid;
    gid_t gid;
  };
  const Row rows[] = {
      {"root", 0, 0},       {"www-data", 33, 34},       {"short", 5, 6},       {"nobody", 65534, 65533},
      {"33", 33, 34},       {"65534", 65534, 65533},    {"65534:65534", 65534, 65534},
      {"4000", 4000, 4000}, {"123", 123, 123},          {"0:12", 0, 12},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    auto user = sys::find_user(row.name, (temp / "passwd").c_str());
    REQUIRE(user.ok());
    CHECK(user->uid == row.uid);
    CHECK(user->gid == row.gid);
  }
}

TEST_CASE("sys/user: broken lines and unknown names are no user") {
  TempDir temp;
  temp.file("passwd", kPasswd);
  const char* const names[] = {"", "nobod", "nobodyx", "broken", "noid", "text", "negative", "huge", "+",
                               "# a comment", "www-data:33", "4294967295", "4294967296", "1:4294967295",
                               "1:", ":1", "1:2:3", "-1"};
  for (const char* name : names) {
    CAPTURE(name);
    auto user = sys::find_user(name, (temp / "passwd").c_str());
    REQUIRE(!user.ok());
    CHECK(user.error().text == "no user \"" + std::string(name) + "\" in " + (temp / "passwd"));
  }
}

TEST_CASE("sys/user: without a passwd file numbers still work") {
  TempDir temp;
  std::string path = temp / "passwd";
  CHECK(sys::find_user("65534", path.c_str())->uid == 65534);
  CHECK(sys::find_user("nobody", path.c_str()).error().text ==
        "cannot open " + path + ": No such file or directory");
}

TEST_CASE("sys/user: reads lines at any length, with or without an end") {
  TempDir temp;
  temp.file("passwd", "long:x:1:2:" + std::string(100000, 'g') + ":/:/\nlast:x:3:4::");
  CHECK(sys::find_user("long", (temp / "passwd").c_str())->gid == 2);
  CHECK(sys::find_user("last", (temp / "passwd").c_str())->gid == 4);
}
