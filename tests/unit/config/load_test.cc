#include "config/load.h"

#include <doctest/doctest.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "config/files.h"
#include "temp_dir.h"

using namespace oklo;
using namespace oklo::config;

namespace {

// A configuration in a directory of its own, beside the files it speaks of.
struct Files {
  explicit Files(std::string_view main) { directory.file("main", main); }
  Loaded load() const { return config::load(directory / "main"); }
  // The faults without their lines and carets, and without the directory.
  std::string faults() const {
    std::string text = load().faults.to_text(), out;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      std::string line = text.substr(at, text.find('\n', at) - at);
      if (line.starts_with("    ")) continue;
      for (size_t i; (i = line.find(directory / "")) != line.npos;)
        line.erase(i, directory.path().size() + 1);
      out += line + "\n";
    }
    return out;
  }

  TempDir directory;
};

constexpr std::string_view kSite = "listen http :0 { route / { status } }\n";

}  // namespace

TEST_CASE("config/load: includes stand in the place of their directive, sorted, from where the file stands") {
  Files files("include conf.d/*.conf\nlisten http :1 { route / { status } include routes }\n");
  files.directory.directory("conf.d");
  files.directory.file("conf.d/b.conf", "listen tcp :3 { echo }");
  files.directory.file("conf.d/a.conf", "listen tcp :2 { include beside }");
  files.directory.file("conf.d/beside", "echo; idle_time 5m");
  files.directory.file("routes", "route /a { files www }\n");
  Loaded loaded = files.load();
  REQUIRE(loaded.ok());
  REQUIRE(loaded.config.listeners.size() == 3);
  CHECK(loaded.config.listeners[0].address == ":2");
  CHECK(loaded.config.listeners[0].stream.idle_time_ms == 300'000);
  CHECK(loaded.config.listeners[1].address == ":3");
  REQUIRE(loaded.config.listeners[2].routes.size() == 2);
  CHECK(loaded.config.listeners[2].routes[1].directory == files.directory / "www");
}

TEST_CASE("config/load: what can't be included is told where it was wanted") {
  CHECK(Files("include none\n" + std::string(kSite)).faults() ==
        "main:1:9: cannot open none: No such file or directory\n");
  CHECK(Files("include none/*.conf\n" + std::string(kSite)).faults() ==
        "main:1:9: cannot open none/: No such file or directory\n");
  CHECK(Files("include *.none\n" + std::string(kSite)).faults().empty());
  CHECK(Files("include; include a b; include x { }\n" + std::string(kSite)).faults() ==
        "main:1:1: include takes one path, which may hold * ? and [\n"
        "main:1:10: include takes one path, which may hold * ? and [\n"
        "main:1:23: include takes no block\n"
        "main:1:31: cannot open x: No such file or directory\n");
  CHECK(Files("include \"a\\x00\"\n" + std::string(kSite)).faults() ==
        "main:1:9: a path holds no zero byte\n");
}

TEST_CASE("config/load: a loop of includes, and too many, are errors") {
  Files files("include main\n" + std::string(kSite));
  CHECK(files.faults() == "main:1:9: main includes itself\n");
  Files loop("include a\n" + std::string(kSite));
  loop.directory.file("a", "include b");
  loop.directory.file("b", "include ./a");
  CHECK(loop.faults().find("includes nest 16 deep at most") != std::string::npos);
  std::string includes;
  for (size_t i = 0; i < kFilesMax; i++) includes += "include a\n";
  Files wide(includes + std::string(kSite));
  wide.directory.file("a", "");
  CHECK(wide.faults().find("a configuration has 1000 files at most") != std::string::npos);
}

TEST_CASE("config/load: only a regular file of some size is read") {
  TempDir directory;
  CHECK(load(directory / "none").faults.to_text() ==
        "cannot open " + (directory / "none") + ": No such file or directory\n");
  CHECK(load(directory.path()).faults.to_text() == directory.path() + " is no regular file\n");
  REQUIRE(mkfifo((directory / "fifo").c_str(), 0600) == 0);
  CHECK(load(directory / "fifo").faults.to_text() == (directory / "fifo") + " is no regular file\n");
  directory.file("large", std::string(kFileBytesMax + 1, '\n'));
  CHECK(load(directory / "large").faults.to_text() == (directory / "large") + " has more than 1 MiB\n");
  directory.file("mark", "\xef\xbb\xbf" + std::string(kSite));
  CHECK(load(directory / "mark").ok());
}

TEST_CASE("config/load: the environment has a say") {
  setenv("OKLO_TEST_WORKERS", "3", 1);
  unsetenv("OKLO_TEST_NONE");
  Files files("workers ${OKLO_TEST_WORKERS}\ntasks ${OKLO_TEST_NONE:-2}\n" + std::string(kSite));
  CHECK(files.load().ok());
  CHECK(files.load().config.server.workers == 3);
  CHECK(files.load().config.server.task_workers == 2);
  unsetenv("OKLO_TEST_WORKERS");
  CHECK(files.faults() ==
        "main:1:9: the environment has no OKLO_TEST_WORKERS; ${OKLO_TEST_WORKERS:-DEFAULT} does without\n");
}

TEST_CASE("config/load: what the host lacks is told where it is named") {
  Files files("user nobody-at-all\npid_file run/pid\naccess_log log/access\ncontrol off\n"
              "group no-group; error_log syslog:/no-socket\n"
              "listen http unix:run/sock { route / { files www } }\nlisten tcp :0 { echo }\n");
  Loaded loaded = files.load();
  REQUIRE(loaded.ok());
  check_host(loaded);
  std::string text = loaded.faults.to_text();
  for (std::string_view part :
       {"main:1:6: no user \"nobody-at-all\"", "main:2:10: cannot open the directory",
        "main:3:12: cannot open the directory", "main:5:7: no group \"no-group\"",
        "main:5:27: cannot reach the syslog daemon", "main:6:13: cannot open the directory",
        "main:6:45: cannot open the directory"})
    CHECK_MESSAGE(text.find(part) != text.npos, part);
  CHECK(loaded.faults.size() == 7);

  for (const char* name : {"run", "log", "www"}) files.directory.directory(name);
  files.directory.file("main", "user 65534\npid_file run/pid\naccess_log log/access\naccess_log_format json\n"
                               "listen http unix:run/sock { route / { files www } }\n");
  loaded = files.load();
  check_host(loaded);
  CHECK(loaded.ok());
  CHECK(loaded.config.listeners[0].address == "unix:" + (files.directory / "run/sock"));
  CHECK(loaded.config.server.pid_file == files.directory / "run/pid");
}

TEST_CASE("config/load: with another root what is missing there is told") {
  Files files("listen http :0 { route /a { files www } route /b { files /none } }\nchroot jail\n");
  Loaded loaded = files.load();
  REQUIRE(loaded.ok());
  check_host(loaded);
  CHECK(loaded.faults.size() == 1);
  CHECK(loaded.faults.to_text().find("main:2:8: cannot open the directory") != std::string::npos);

  files.directory.directory("jail");
  files.directory.directory("jail/www");
  loaded = files.load();
  check_host(loaded);
  CHECK(loaded.faults.size() == 1);
  CHECK(loaded.faults.to_text().find("main:1:58: cannot open the directory /none in ") != std::string::npos);
}

TEST_CASE("config/load: two that say the same are equal") {
  Files one("workers 2; " + std::string(kSite)), other("# the same\nworkers 2\n" + std::string(kSite));
  CHECK(one.load().config == other.load().config);
  CHECK_FALSE(one.load().config == Files(kSite).load().config);
  Files route("workers 2; listen http :0 { route / { status } route /a { echo; origins https://a.b } }");
  CHECK_FALSE(one.load().config == route.load().config);
  CHECK(route.load().config == route.load().config);
}
