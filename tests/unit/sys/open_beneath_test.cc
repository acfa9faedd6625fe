#include <doctest/doctest.h>

#include <errno.h>

#include <algorithm>
#include <string>

#include "sys/file.h"
#include "sys/walk_beneath.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

struct Way {
  const char* name;
  long (*open)(int dir, const char* path, sys::Fd& out);
};

// As the kernel does it, where it can, and as the walk does.
const Way kWays[] = {
    {"open_beneath", sys::open_beneath},
    {"walk_beneath",
     [](int dir, const char* path, sys::Fd& out) {
       return sys::walk_beneath(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, out);
     }},
};

// What a file holds, "(directory)", or the number of the error.
std::string outcome(const Way& way, int dir, const char* path) {
  sys::Fd fd;
  long result = way.open(dir, path, fd);
  if (result < 0) return fd ? "fd and error" : std::to_string(-result);
  CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(fd.get(), F_GETFL) & (O_NONBLOCK | O_ACCMODE | O_PATH)) == (O_NONBLOCK | O_RDONLY));
  sys::FileInfo info;
  REQUIRE(sys::file_info(fd.get(), info) == 0);
  if (info.kind == sys::FileInfo::Kind::directory) return "(directory)";
  if (info.kind == sys::FileInfo::Kind::other) return "(other)";
  char content[64];
  long size = sys::read_at(fd.get(), content, sizeof content, 0);
  return std::string(content, static_cast<size_t>(std::max(0l, size)));
}

void make_tree(const TempDir& temp) {
  temp.directory("root");
  temp.directory("root/sub");
  temp.directory("root/sub/deep");
  temp.file("secret", "secret");
  temp.file("root/a", "a");
  temp.file("root/sub/b", "b");
  temp.link("root/to_a", "a");
  temp.link("root/sub/up", "../a");
  temp.link("root/sub/around", "../sub/../sub/deep/../b");
  temp.link("root/to_sub", "sub/");
  temp.link("root/out", "../secret");
  temp.link("root/sub/out", "../../secret");
  temp.link("root/absolute", "/etc/passwd");
  temp.link("root/out_and_in", "../root/a");
  temp.link("root/loop", "loop");
  temp.link("root/ping", "pong");
  temp.link("root/pong", "ping");
  temp.link("root/dangling", "nowhere");
  temp.link("root/to_root", ".");
  temp.link("root/a_slash", "a/");
  if (mkfifo((temp / "root/fifo").c_str(), 0644) != 0) abort();
}

}  // namespace

TEST_CASE("sys/open_beneath: what opens and what does not, the same both ways") {
  TempDir temp;
  make_tree(temp);
  auto root = sys::open_directory(temp / "root");
  REQUIRE(root.ok());
  struct Row {
    const char* path;
    std::string outcome;
  };
  auto error = [](int number) { return std::to_string(number); };
  const Row rows[] = {
      {"a", "a"}, {"sub/b", "b"}, {"./a", "a"}, {"sub/./b", "b"}, {"sub//b", "b"}, {"sub///./b", "b"},
      {"", "(directory)"}, {".", "(directory)"}, {"./", "(directory)"}, {"sub", "(directory)"},
      {"sub/", "(directory)"}, {"sub//", "(directory)"}, {"sub/deep/..", "(directory)"},
      {"sub/../a", "a"}, {"sub/deep/../../a", "a"}, {"sub/..", "(directory)"}, {"sub/../", "(directory)"},
      {"to_a", "a"}, {"sub/up", "a"}, {"sub/around", "b"}, {"to_sub", "(directory)"}, {"to_sub/b", "b"},
      {"to_sub/../a", "a"}, {"to_root/to_root/a", "a"}, {"to_root", "(directory)"},
      {"fifo", "(other)"},
      {"..", error(EXDEV)}, {"../secret", error(EXDEV)}, {"sub/../../secret", error(EXDEV)},
      {"sub/deep/../../../root/a", error(EXDEV)}, {"../root/a", error(EXDEV)},
      {"/etc/passwd", error(EXDEV)}, {"/", error(EXDEV)},
      {"out", error(EXDEV)}, {"sub/out", error(EXDEV)}, {"absolute", error(EXDEV)},
      {"absolute/x", error(EXDEV)}, {"out_and_in", error(EXDEV)},
      {"loop", error(ELOOP)}, {"loop/a", error(ELOOP)}, {"ping", error(ELOOP)},
      {"dangling", error(ENOENT)}, {"nothing", error(ENOENT)}, {"nothing/a", error(ENOENT)},
      {"nothing/../a", error(ENOENT)},
      {"a/", error(ENOTDIR)}, {"a/.", error(ENOTDIR)}, {"a/..", error(ENOTDIR)}, {"a/b", error(ENOTDIR)},
      {"to_a/", error(ENOTDIR)}, {"a_slash", error(ENOTDIR)}, {"fifo/", error(ENOTDIR)},
  };
  for (const Way& way : kWays)
    for (const Row& row : rows) {
      CAPTURE(way.name);
      CAPTURE(row.path);
      CHECK(outcome(way, root->get(), row.path) == row.outcome);
    }
}

TEST_CASE("sys/open_beneath: follows 40 links and not 41") {
  TempDir temp;
  temp.file("l0", "end");
  for (int i = 1; i <= 41; i++)
    temp.link("l" + std::to_string(i), ("l" + std::to_string(i - 1)).c_str());
  auto root = sys::open_directory(temp.path());
  REQUIRE(root.ok());
  for (const Way& way : kWays) {
    CAPTURE(way.name);
    CHECK(outcome(way, root->get(), "l40") == "end");
    CHECK(outcome(way, root->get(), "l41") == std::to_string(ELOOP));
  }
}

TEST_CASE("sys/open_beneath: names and paths that are too long") {
  TempDir temp;
  auto root = sys::open_directory(temp.path());
  REQUIRE(root.ok());
  std::string name(256, 'n'), path;
  while (path.size() < 5000) path += "./";
  for (const Way& way : kWays) {
    CAPTURE(way.name);
    CHECK(outcome(way, root->get(), name.c_str()) == std::to_string(ENAMETOOLONG));
    CHECK(outcome(way, root->get(), path.c_str()) == std::to_string(ENAMETOOLONG));
  }
}

TEST_CASE("sys/open_beneath: links of /proc lead nowhere") {
  auto root = sys::open_directory("/proc/self");
  if (!root.ok()) return;
  for (const Way& way : kWays) {
    sys::Fd fd;
    CAPTURE(way.name);
    CHECK(way.open(root->get(), "cwd", fd) < 0);
    CHECK(way.open(root->get(), "root/etc", fd) < 0);
    CHECK(!fd);
  }
}

TEST_CASE("sys/open_beneath: a success after a failure reuses the Fd, a failure empties it") {
  TempDir temp;
  temp.file("a", "a");
  auto root = sys::open_directory(temp.path());
  for (const Way& way : kWays) {
    sys::Fd fd;
    REQUIRE(way.open(root->get(), "a", fd) >= 0);
    CHECK(way.open(root->get(), "b", fd) == -ENOENT);
    CHECK(!fd);
    CHECK(way.open(root->get(), "a", fd) >= 0);
    CHECK(fd);
  }
}

TEST_CASE("sys/walk_beneath: with O_PATH it says what a link leads to and never is a link") {
  TempDir temp;
  make_tree(temp);
  auto root = sys::open_directory(temp / "root");
  sys::Fd fd;
  REQUIRE(sys::walk_beneath(root->get(), "sub/around", O_PATH, fd) == 0);
  struct stat there = {}, b = {};
  REQUIRE(fstat(fd.get(), &there) == 0);
  REQUIRE(stat((temp / "root/sub/b").c_str(), &b) == 0);
  CHECK(there.st_ino == b.st_ino);
  CHECK(sys::walk_beneath(root->get(), "out", O_PATH, fd) == -EXDEV);
  CHECK(sys::walk_beneath(root->get(), "loop", O_PATH, fd) == -ELOOP);
}
