#include "sys/file.h"

#include <doctest/doctest.h>

#include <errno.h>

#include <algorithm>

#include "temp_dir.h"

namespace sys = oklo::sys;

TEST_CASE("sys/file: read_file reads all of a small file and refuses a large one") {
  TempDir temp;
  std::string content(10000, 'x');
  temp.file("f", content);
  temp.file("empty", "");
  auto whole = sys::read_file(temp / "f", content.size());
  REQUIRE(whole.ok());
  CHECK(*whole == content);
  auto large = sys::read_file(temp / "f", content.size() - 1);
  REQUIRE(!large.ok());
  CHECK(large.error().number == EFBIG);
  auto empty = sys::read_file(temp / "empty", 0);
  REQUIRE(empty.ok());
  CHECK(empty->empty());
}

TEST_CASE("sys/file: errors name the path and the reason") {
  TempDir temp;
  std::string path = temp / "nothing";
  CHECK(sys::read_file(path, 1).error().text == "cannot open " + path + ": No such file or directory");
  CHECK(sys::read_file(temp.path(), 1).error().text == "cannot read " + temp.path() + ": Is a directory");
  CHECK(sys::open_directory(path).error().text ==
        "cannot open the directory " + path + ": No such file or directory");
  temp.file("f", "");
  CHECK(sys::open_directory(temp / "f").error().number == ENOTDIR);
  CHECK(sys::open_log(temp / "no/log").error().text ==
        "cannot open the log " + (temp / "no/log") + ": No such file or directory");
}

TEST_CASE("sys/file: open_log creates with mode 0640 and appends") {
  TempDir temp;
  umask(022);
  for (const char* line : {"one\n", "two\n"}) {
    auto log = sys::open_log(temp / "log");
    REQUIRE(log.ok());
    REQUIRE(write(log->get(), line, 4) == 4);
  }
  CHECK(*sys::read_file(temp / "log", 100) == "one\ntwo\n");
  struct stat info = {};
  REQUIRE(stat((temp / "log").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("sys/file: a log that is a fifo without a reader is an error and does not wait") {
  TempDir temp;
  REQUIRE(mkfifo((temp / "fifo").c_str(), 0600) == 0);
  CHECK(sys::open_log(temp / "fifo").error().number == ENXIO);
}

TEST_CASE("sys/file: read_at reads from the place and ends at the end") {
  TempDir temp;
  temp.file("f", "0123456789");
  auto root = sys::open_directory(temp.path());
  sys::Fd fd;
  REQUIRE(sys::open_beneath(root->get(), "f", fd) >= 0);
  char room[4];
  CHECK(sys::read_at(fd.get(), room, 4, 3) == 4);
  CHECK(std::string_view(room, 4) == "3456");
  CHECK(sys::read_at(fd.get(), room, 4, 8) == 2);
  CHECK(sys::read_at(fd.get(), room, 4, 10) == 0);
  CHECK(sys::read_at(-1, room, 4, 0) == -EBADF);
}

TEST_CASE("sys/file: file_info tells kind, size, times and identity") {
  TempDir temp;
  temp.file("f", "12345");
  auto root = sys::open_directory(temp.path());
  sys::Fd fd;
  REQUIRE(sys::open_beneath(root->get(), "f", fd) >= 0);
  const timespec times[2] = {{1, 2}, {1'000'000'007, 42}};
  REQUIRE(utimensat(AT_FDCWD, (temp / "f").c_str(), times, 0) == 0);
  sys::FileInfo info;
  REQUIRE(sys::file_info(fd.get(), info) == 0);
  struct stat same = {};
  REQUIRE(fstat(fd.get(), &same) == 0);
  CHECK(info.kind == sys::FileInfo::Kind::regular);
  CHECK(info.size == 5);
  CHECK(info.modified_s == 1'000'000'007);
  CHECK(info.modified_ns == 42);
  CHECK(info.inode == same.st_ino);
  CHECK(info.device == same.st_dev);
  REQUIRE(sys::file_info(root->get(), info) == 0);
  CHECK(info.kind == sys::FileInfo::Kind::directory);
  CHECK(sys::file_info(-1, info) == -EBADF);
}

TEST_CASE("sys/file: list_directory tells all entries and what links lead to") {
  TempDir temp;
  temp.file("outside", "x");
  temp.directory("d");
  temp.directory("d/sub");
  temp.file("d/f", "123");
  temp.link("d/to_f", "f");
  temp.link("d/to_sub", "sub");
  temp.link("d/out", "../outside");
  temp.link("d/dangling", "nowhere");
  for (int i = 0; i < 500; i++) temp.file("d/many" + std::to_string(i), "");
  auto root = sys::open_directory(temp.path());
  sys::Fd dir;
  REQUIRE(sys::open_beneath(root->get(), "d", dir) >= 0);
  auto entries = sys::list_directory(dir.get(), 1000);
  REQUIRE(entries.ok());
  CHECK(entries->size() == 506);
  auto find = [&](std::string_view name) -> sys::FileInfo {
    for (auto& entry : *entries)
      if (entry.name == name) return entry.info;
    FAIL("not listed: " << name);
    return {};
  };
  using Kind = sys::FileInfo::Kind;
  CHECK(find("f").kind == Kind::regular);
  CHECK(find("sub").kind == Kind::directory);
  CHECK(find("to_f").kind == Kind::regular);
  CHECK(find("to_f").size == 3);
  CHECK(find("to_sub").kind == Kind::directory);
  CHECK(find("out").kind == Kind::other);
  CHECK(find("dangling").kind == Kind::other);
}

TEST_CASE("sys/file: list_directory stops at the most it may") {
  TempDir temp;
  for (int i = 0; i < 10; i++) temp.file("f" + std::to_string(i), "");
  auto root = sys::open_directory(temp.path());
  sys::Fd dir;
  REQUIRE(sys::open_beneath(root->get(), "", dir) >= 0);
  CHECK(sys::list_directory(dir.get(), 3)->size() == 3);
  CHECK(sys::list_directory(root->get(), 3).error().number == EBADF);
}

TEST_CASE("sys/file: numbers_in names what is a number there, and nothing else") {
  auto processes = sys::numbers_in("/proc");
  CHECK(std::count(processes.begin(), processes.end(), getpid()) == 1);
  CHECK(sys::numbers_in("/proc/no-such-place").empty());
}

TEST_CASE("sys/file: open_fds names those that are open") {
  sys::Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto numbers = sys::open_fds();
  if (numbers.empty()) return;
  CHECK(std::count(numbers.begin(), numbers.end(), fd.get()) == 1);
  for (int number : numbers) CHECK(fcntl(number, F_GETFD) >= 0);
}
