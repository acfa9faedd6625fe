#include "sys/file_part.h"

#include <doctest/doctest.h>

#include <fcntl.h>

#include <string>

#include "sys/file.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

// What a part of a file is, or "(none)".
template <class Source>
std::string part_of(const Source& source, uint64_t offset, uint64_t size) {
  sys::FilePart part;
  if (!sys::open_part(source, offset, size, part)) return "(none)";
  std::string content(static_cast<size_t>(part.size), '\0');
  CHECK(sys::read_at(part.file.get(), content.data(), content.size(), part.offset) ==
        static_cast<long>(content.size()));
  return content;
}

}  // namespace

TEST_CASE("sys/file_part: as many bytes as the file has there, by path and by fd") {
  TempDir temp;
  temp.file("f", "0123456789");
  temp.file("empty", "");
  std::string path = temp / "f";
  sys::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct { uint64_t offset, size; const char* content; } cases[] = {
      {0, 10, "0123456789"}, {0, UINT64_MAX, "0123456789"}, {3, 4, "3456"}, {9, 1, "9"},
      {10, 5, ""}, {4, 0, ""}, {5, UINT64_MAX, "56789"}, {11, 1, "(none)"}, {UINT64_MAX, 1, "(none)"},
  };
  for (const auto& c : cases) {
    CHECK(part_of(path, c.offset, c.size) == c.content);
    CHECK(part_of(file.get(), c.offset, c.size) == c.content);
  }
  CHECK(part_of(temp / "empty", 0, UINT64_MAX) == "");
}

TEST_CASE("sys/file_part: the fd that was given stays open, and the part has its own") {
  TempDir temp;
  temp.file("f", "content");
  sys::FilePart part;
  sys::Fd file(open((temp / "f").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(sys::open_part(file.get(), 0, 7, part));
  CHECK(part.file.get() != file.get());
  part.file.reset();
  CHECK(part_of(file.get(), 0, 7) == "content");
}

TEST_CASE("sys/file_part: what is no regular file has no parts") {
  TempDir temp;
  temp.file("f", "content");
  temp.directory("d");
  REQUIRE(mkfifo((temp / "fifo").c_str(), 0644) == 0);
  for (const std::string& path : {temp / "d", temp / "fifo", temp / "missing", std::string("/dev/zero"),
                                  std::string(), (temp / "f") + std::string("\0x", 2)}) {
    CAPTURE(path);
    CHECK(part_of(path, 0, 1) == "(none)");
  }
  CHECK(part_of(-1, 0, 1) == "(none)");
}
