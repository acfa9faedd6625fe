#include "sys/memory_file.h"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "child.h"

using oklo::sys::MemoryFile;

namespace {

std::string read(const MemoryFile& file, size_t size, uint64_t offset) {
  std::string bytes(size, '?');
  REQUIRE(file.read(bytes.data(), size, offset) == 0);
  return bytes;
}

int64_t bytes_held(const MemoryFile& file) {
  struct stat status = {};
  REQUIRE(fstat(file.fd(), &status) == 0);
  return status.st_blocks * 512;
}

}  // namespace

TEST_CASE("sys/memory_file: what is written is read, far away and by another process") {
  MemoryFile file = MemoryFile::create("test").value();
  constexpr uint64_t kFar = uint64_t{5} << 32;
  CHECK(file.write("near", 3) == 0);
  CHECK(in_child([&] { return file.write("far", kFar) == 0 ? 0 : 1; }) == 0);
  CHECK(read(file, 4, 3) == "near");
  CHECK(read(file, 3, kFar) == "far");
  CHECK(read(file, 3, 0) == std::string(3, '\0'));
  CHECK(bytes_held(file) <= 1 << 16);
  CHECK(file.write("", 0) == 0);
  CHECK(read(file, 0, kFar + 99).empty());
}

TEST_CASE("sys/memory_file: what was never there is an error") {
  MemoryFile file = MemoryFile::create("test").value();
  CHECK(file.write("ab", 0) == 0);
  char bytes[3];
  CHECK(file.read(bytes, 3, 0) < 0);
  CHECK(file.read(bytes, 1, 2) < 0);
}

TEST_CASE("sys/memory_file: memory can be given back, and taken again") {
  MemoryFile file = MemoryFile::create("test").value();
  std::string large(1 << 20, 'x');
  CHECK(file.write(large, 0) == 0);
  int64_t full = bytes_held(file);
  file.give_back(4096, large.size() - 4096);
  CHECK(bytes_held(file) < full);
  CHECK(read(file, 4096, 0) == std::string(4096, 'x'));
  CHECK(file.write(large, 0) == 0);
  CHECK(read(file, large.size(), 0) == large);
}
