#include <oklo/oklo.h>

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "server/outcome.h"

namespace {

void echo(oklo::Connection& c, std::string_view bytes) { c.send(bytes); }

}  // namespace

TEST_CASE("server/stream_listener: what is missing or wrong is one line and exit code 100") {
  struct Case {
    std::function<void(oklo::Server&)> add;
    std::string line;
  };
  oklo::StreamOptions framed;
  framed.framing = {.kind = oklo::StreamFraming::Kind::delimiter, .delimiter = "123456789"};
  const Case cases[] = {
      {[](oklo::Server& s) { s.tcp("127.0.0.1:0", {}); }, "tcp 127.0.0.1:0: on_receive is missing"},
      {[](oklo::Server& s) { s.udp("127.0.0.1:0", {}); }, "udp 127.0.0.1:0: on_packet is missing"},
      {[](oklo::Server& s) {
         s.tcp("127.0.0.1:0", {.on_receive = echo}, {.high_water = 1, .low_water = 2});
       },
       "tcp 127.0.0.1:0: low_water must not be above high_water"},
      {[&framed](oklo::Server& s) { s.tcp("127.0.0.1:0", {.on_receive = echo}, framed); },
       "tcp 127.0.0.1:0: the delimiter must have at most 8 bytes"},
      {[](oklo::Server& s) {
         for (int i = 0; i < 257; i++) s.tcp("127.0.0.1:0", {.on_receive = echo});
       },
       "a server may have 256 addresses"},
  };
  for (const Case& wrong : cases) {
    Outcome outcome = run(wrong.add);
    CHECK(outcome.code == 100);
    CHECK(outcome.text == "oklo: " + wrong.line + "\n");
  }
}
