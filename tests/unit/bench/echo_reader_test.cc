#include "bench/echo_reader.h"

#include <doctest/doctest.h>

#include "bench/reading.h"

using namespace oklo::bench;

namespace {

struct Echoing {
  Messages messages;
  EchoReader reader;
  explicit Echoing(size_t bytes, size_t first = 0)
      : messages({.kind = Kind::tcp, .message_bytes = bytes}), reader(messages, first) {}
  std::string echo(size_t n) const { return std::string(messages.echo(n)); }
};

}  // namespace

TEST_CASE("bench/echo_reader: messages that come back, from the connection's first one on") {
  for (size_t bytes : {1, 2, 32, 100}) {
    Echoing none(bytes);
    CHECK(none.echo(3).size() == bytes);
    CHECK(none.echo(3).ends_with("\n"));
    Echoing from(bytes, 7);
    std::string size = "answer " + std::to_string(bytes) + " ";
    CHECK(read_all(from.reader, from.echo(7) + from.echo(8)) == size + size);
    CHECK(read_all(from.reader, from.echo(7) + from.echo(8).substr(0, bytes - 1)) == size);
  }
}

TEST_CASE("bench/echo_reader: a message that was changed, and one of another connection") {
  Echoing echoing(20);
  std::string changed = echoing.echo(0);
  changed[19] = 'x';
  CHECK(read_all(echoing.reader, changed) == "wrong_echo ");
  CHECK(read_all(echoing.reader, echoing.echo(1)) == "wrong_echo ");
  CHECK(read_all(echoing.reader, echoing.echo(0) + echoing.echo(2)) == "answer 20 wrong_echo ");
}

TEST_CASE("bench/echo_reader: the end") {
  Echoing echoing(20);
  CHECK(read_all(echoing.reader, echoing.echo(0).substr(0, 5), true) == "closed ");
}
