#include "config/glob.h"

#include <doctest/doctest.h>

#include "temp_dir.h"

using namespace oklo::config;

TEST_CASE("config/glob: names that fit a pattern") {
  struct { std::string_view pattern, name; bool fits; } cases[] = {
      {"a.conf", "a.conf", true},    {"a.conf", "a.con", false},   {"*.conf", "a.conf", true},
      {"*.conf", ".conf", false},    {".*", ".conf", true},        {"*.conf", "a.conf~", false},
      {"*", "", true},               {"*", "x", true},             {"", "", true},
      {"", "x", false},              {"?", "x", true},             {"?", "", false},
      {"?", ".", false},             {"a*b*c", "axxbyyc", true},   {"a*b*c", "axxbyy", false},
      {"a*b*c", "abc", true},        {"*a", "aaab", false},        {"*aab", "aaaab", true},
      {"**", "x", true},             {"[a-c]x", "bx", true},       {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},       {"[!a-c]x", "ax", false},     {"[]]", "]", true},
      {"[a", "[a", true},            {"[a", "a", false},           {"[a-]", "-", true},
      {"*[0-9].conf", "10.conf", true}, {"x[", "x[", true},        {"[!]]", "a", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.name);
    CHECK(glob_fits(c.pattern, c.name) == c.fits);
  }
}

TEST_CASE("config/glob: a pattern that fits badly takes no time") {
  std::string pattern, name(5000, 'a');
  for (int i = 0; i < 200; i++) pattern += "*a";
  CHECK_FALSE(glob_fits(pattern + "b", name));
}

TEST_CASE("config/glob: paths, sorted") {
  TempDir directory;
  for (const char* name : {"b.conf", "a.conf", ".c.conf", "d.conf~"}) directory.file(name, "");
  CHECK(glob(directory / "*.conf").value() ==
        std::vector<std::string>{directory / "a.conf", directory / "b.conf"});
  CHECK(glob(directory / "*.none").value().empty());
  CHECK(glob(directory / "none").value() == std::vector<std::string>{directory / "none"});
  CHECK_FALSE(glob(directory / "none/*"));
  CHECK_FALSE(glob(directory / "*/a.conf"));
}

TEST_CASE("config/glob: the directory of a path") {
  CHECK(directory_of("a/b") == "a/");
  CHECK(directory_of("/a") == "/");
  CHECK(directory_of("a") == "");
  CHECK(directory_of("/a/") == "/a/");
}
