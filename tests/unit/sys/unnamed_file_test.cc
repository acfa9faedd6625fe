#include "sys/unnamed_file.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <sys/stat.h>

#include <string>

#include "sys/file.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

std::string content(const std::string& path) { return sys::read_file(path, 1 << 20).value(); }

unsigned rights(const std::string& path) {
  struct stat info = {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

size_t names_in(const TempDir& dir) {
  sys::Fd fd;
  REQUIRE(sys::open_to_read(dir.path().c_str(), fd) >= 0);
  return sys::list_directory(fd.get(), 100).value().size();
}

struct Umask {
  explicit Umask(mode_t mask) : before(umask(mask)) {}
  ~Umask() { umask(before); }
  mode_t before;
};

}  // namespace

TEST_CASE("sys/unnamed_file: it has no name, rights for its owner alone, and is not inherited") {
  TempDir dir;
  sys::Fd file;
  REQUIRE(sys::open_unnamed(dir.path().c_str(), file) == 0);
  CHECK(names_in(dir) == 0);
  struct stat info = {};
  REQUIRE(fstat(file.get(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK((fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("sys/unnamed_file: a directory that is none is the answer") {
  TempDir dir;
  dir.file("file", "");
  sys::Fd file;
  CHECK(sys::open_unnamed((dir / "none").c_str(), file) == -ENOENT);
  CHECK(sys::open_unnamed((dir / "file").c_str(), file) == -ENOTDIR);
  CHECK(!file);
}

TEST_CASE("sys/unnamed_file: what is written at an offset is there, and the position stays") {
  TempDir dir;
  sys::Fd file;
  REQUIRE(sys::open_unnamed(dir.path().c_str(), file) == 0);
  CHECK(sys::write_at(file.get(), "hello", 0) == 0);
  CHECK(sys::write_at(file.get(), "", 5) == 0);
  CHECK(sys::write_at(file.get(), " world", 5) == 0);
  char room[20];
  CHECK(read(file.get(), room, sizeof room) == 11);
  CHECK(std::string_view(room, 11) == "hello world");
}

TEST_CASE("sys/unnamed_file: it gets a name with the rights that are asked for") {
  TempDir dir;
  Umask mask(077);
  for (unsigned mode : {0600u, 0644u, 07777u}) {
    CAPTURE(mode);
    std::string name = std::to_string(mode);
    sys::Fd file;
    REQUIRE(sys::open_unnamed(dir.path().c_str(), file) == 0);
    REQUIRE(sys::write_at(file.get(), "hello", 0) == 0);
    CHECK(sys::save_unnamed(file.get(), 5, (dir / name).c_str(), mode) == 0);
    CHECK(sys::save_bytes("world", (dir / (name + "b")).c_str(), mode) == 0);
    file.reset();
    CHECK(content(dir / name) == "hello");
    CHECK(content(dir / (name + "b")) == "world");
    CHECK(rights(dir / name) == (mode & 0777));
    CHECK(rights(dir / (name + "b")) == (mode & 0777));
  }
}

TEST_CASE("sys/unnamed_file: what is saved twice becomes two files") {
  TempDir dir;
  sys::Fd file;
  REQUIRE(sys::open_unnamed(dir.path().c_str(), file) == 0);
  REQUIRE(sys::write_at(file.get(), "hello", 0) == 0);
  CHECK(sys::save_unnamed(file.get(), 5, (dir / "a").c_str(), 0640) == 0);
  CHECK(sys::save_unnamed(file.get(), 5, (dir / "b").c_str(), 0600) == 0);
  CHECK(sys::save_unnamed(file.get(), 5, (dir / "a").c_str(), 0600) == -EEXIST);
  CHECK(rights(dir / "a") == 0640);
  CHECK(rights(dir / "b") == 0600);
  struct stat first = {}, second = {};
  REQUIRE(stat((dir / "a").c_str(), &first) == 0);
  REQUIRE(stat((dir / "b").c_str(), &second) == 0);
  CHECK(first.st_ino != second.st_ino);
  CHECK(content(dir / "b") == "hello");
}

TEST_CASE("sys/unnamed_file: a name that is taken stays as it is, a link that leads nowhere too") {
  TempDir dir;
  dir.file("taken", "before");
  dir.link("link", "nothing");
  sys::Fd file;
  REQUIRE(sys::open_unnamed(dir.path().c_str(), file) == 0);
  for (const char* name : {"taken", "link"}) {
    CAPTURE(name);
    CHECK(sys::save_unnamed(file.get(), 0, (dir / name).c_str(), 0600) == -EEXIST);
    CHECK(sys::save_bytes("x", (dir / name).c_str(), 0600) == -EEXIST);
  }
  CHECK(content(dir / "taken") == "before");
  CHECK(names_in(dir) == 2);
}

TEST_CASE("sys/unnamed_file: a directory that is missing is the reason, and nothing is left") {
  TempDir dir;
  sys::Fd file;
  REQUIRE(sys::open_unnamed(dir.path().c_str(), file) == 0);
  CHECK(sys::save_unnamed(file.get(), 0, (dir / "none/a").c_str(), 0600) == -ENOENT);
  CHECK(sys::save_bytes("", (dir / "none/a").c_str(), 0600) == -ENOENT);
  CHECK(names_in(dir) == 0);
}

TEST_CASE("sys/unnamed_file: what is in another file system, or had a name, is copied") {
  TempDir dir;
  std::string large(300'000, 'l');
  dir.file("had", large);
  sys::Fd file(open((dir / "had").c_str(), O_RDWR | O_CLOEXEC));
  unlink((dir / "had").c_str());
  CHECK(sys::save_unnamed(file.get(), large.size(), (dir / "copy").c_str(), 0640) == 0);
  CHECK(content(dir / "copy") == large);
  CHECK(rights(dir / "copy") == 0640);
  CHECK(sys::save_unnamed(file.get(), large.size() + 1, (dir / "long").c_str(), 0640) == -EIO);
  CHECK(names_in(dir) == 1);
}
