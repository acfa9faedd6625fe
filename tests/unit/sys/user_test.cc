#include "sys/user.h"

#include <doctest/doctest.h>

#include <errno.h>

#include "guarded.h"
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

TEST_CASE("sys/user: a file may end anywhere") {
  std::string text = kPasswd;
  for (size_t size = 0; size <= text.size(); size++) {
    Guarded part(std::string_view(text).substr(0, size));
    std::optional<sys::User> user = sys::user_in(part.view(), "www-data");
    CHECK(user.has_value() == (size >= text.find("34:www-data:") + 1));
    if (user) CHECK(user->uid == 33);
    CHECK_FALSE(sys::group_in(part.view(), "nobody-at-all").has_value());
    CHECK(sys::groups_in(part.view(), "nobody-at-all").empty());
  }
}

// ---------------------------------------------------------------- groups

namespace {

constexpr const char* kGroups =
    "root:x:0:\n"
    "# a comment\n"
    "broken\n"
    "text:x:abc:www-data\n"
    "huge:x:4294967295:www-data\n"
    ":x:9:www-data\n"
    "www-data:x:33:\n"
    "logs:x:4:syslog,www-data\n"
    "certs:x:107:www-data\n"
    "near:x:108:www-dat,www-data2,,\n"
    "123:x:7:other\n"
    "last:x:200:www-data,other";

}  // namespace

TEST_CASE("sys/user: a group by name and by number") {
  TempDir temp;
  temp.file("group", kGroups);
  std::string path = temp / "group";
  CHECK(*sys::find_group("www-data", path.c_str()) == 33);
  CHECK(*sys::find_group("last", path.c_str()) == 200);
  CHECK(*sys::find_group("4000", path.c_str()) == 4000);
  CHECK(*sys::find_group("123", path.c_str()) == 123);
  for (const char* name : {"", "broken", "text", "huge", "# a comment", "www", "4294967295", "-1", "1:2"}) {
    CAPTURE(name);
    auto group = sys::find_group(name, path.c_str());
    REQUIRE(!group.ok());
    CHECK(group.error().text == "no group \"" + std::string(name) + "\" in " + path);
  }
  CHECK(*sys::find_group("4", (temp / "none").c_str()) == 4);
  CHECK(sys::find_group("certs", (temp / "none").c_str()).error().number == ENOENT);
}

TEST_CASE("sys/user: all names of a file") {
  CHECK(sys::names_in("a:x\n\n:b:\nbroken\nc:\nlast:x:1:") == std::vector<std::string>{"a", "c", "last"});
  TempDir temp;
  temp.file("group", kGroups);
  CHECK(sys::group_names((temp / "group").c_str()).size() == 9);
  CHECK(sys::user_names((temp / "none").c_str()).empty());
}

TEST_CASE("sys/user: the groups that name a user") {
  TempDir temp;
  temp.file("group", kGroups);
  std::string path = temp / "group";
  CHECK(sys::groups_of("www-data", path.c_str()) == std::vector<gid_t>{4, 107, 200});
  CHECK(sys::groups_of("other", path.c_str()) == std::vector<gid_t>{7, 200});
  CHECK(sys::groups_of("nobody", path.c_str()).empty());
  CHECK(sys::groups_of("", path.c_str()).empty());
  CHECK(sys::groups_of("www-data", (temp / "none").c_str()).empty());
  std::string many;
  for (int i = 0; i < 100; i++) many += "g" + std::to_string(i) + ":x:" + std::to_string(i) + ":user\n";
  temp.file("many", many);
  CHECK(sys::groups_of("user", (temp / "many").c_str()).size() == sys::kGroupsMax);
}

TEST_CASE("sys/user: a user has the name that passwd has") {
  TempDir temp;
  temp.file("passwd", kPasswd);
  CHECK(sys::find_user("www-data", (temp / "passwd").c_str())->name == "www-data");
  CHECK(sys::find_user("33", (temp / "passwd").c_str())->name == "www-data");
  CHECK(sys::find_user("4000", (temp / "passwd").c_str())->name == "");
  CHECK(sys::find_user("33:34", (temp / "passwd").c_str())->name == "");
}
