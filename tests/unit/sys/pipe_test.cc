#include "sys/pipe.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

void check_carries(const sys::Pipe& pipe) {
  CHECK(sys::write_bytes(pipe.writing.get(), "hello", 5) == 5);
  char bytes[16];
  CHECK(sys::read_bytes(pipe.reading.get(), bytes, sizeof bytes) == 5);
  CHECK(std::string(bytes, 5) == "hello");
  for (int fd : {pipe.reading.get(), pipe.writing.get()}) {
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC));
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  }
}

}  // namespace

TEST_CASE("sys/pipe: what is written comes out, and then the end") {
  auto pipe = sys::Pipe::create();
  REQUIRE(pipe.ok());
  check_carries(*pipe);
  pipe->writing.reset();
  char byte = 0;
  CHECK(sys::read_bytes(pipe->reading.get(), &byte, 1) == 0);
}

TEST_CASE("sys/pipe: a fifo has lost its name when it is open") {
  TempDir dir;
  std::string path = dir.path() + "/fifo";
  auto pipe = sys::Pipe::create_fifo(path);
  REQUIRE(pipe.ok());
  CHECK(access(path.c_str(), F_OK) == -1);
  check_carries(*pipe);
}

TEST_CASE("sys/pipe: a fifo takes nobody's place") {
  TempDir dir;
  std::string path = dir.path() + "/file";
  close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  auto pipe = sys::Pipe::create_fifo(path);
  REQUIRE(!pipe.ok());
  CHECK(pipe.error().number == EEXIST);
  CHECK(access(path.c_str(), F_OK) == 0);
}
