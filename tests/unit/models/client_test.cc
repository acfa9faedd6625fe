#include "models/client.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

using namespace oklo::models;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct Pair {
  int server = -1, client = -1;

  explicit Pair(int flags) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | flags, 0, ends) == 0);
    server = ends[0];
    client = ends[1];
    fcntl(client, F_SETFL, O_NONBLOCK);
  }
  ~Pair() {
    hang_up();
    close(server);
  }
  void say(std::string_view bytes) const {
    REQUIRE(send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  // What has come up to now; "(end)" behind it when that was all.
  std::string hear() const {
    std::string text;
    char bytes[4096];
    for (;;) {
      ssize_t size = recv(client, bytes, sizeof bytes, 0);
      if (size == 0) return text + "(end)";
      if (size < 0) return text;
      text.append(bytes, static_cast<size_t>(size));
    }
  }
  void hang_up() {
    if (client >= 0) close(client);
    client = -1;
  }
};

size_t answers_in(const std::string& text) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find("hello\n", at)) != text.npos; at++) count++;
  return count;
}

}  // namespace

TEST_CASE("models/client: on a blocking socket all requests are answered, until the client ends") {
  Pair pair(0);
  pair.say(std::string(kGet) + std::string(kGet) + "GET /half");
  shutdown(pair.client, SHUT_WR);
  converse(pair.server, 1);
  CHECK(answers_in(pair.hear()) == 2);
}

TEST_CASE("models/client: on a blocking socket a bad request is told, and the end") {
  Pair pair(0);
  pair.say("nonsense\r\n\r\n" + std::string(20'000, 'x'));
  converse(pair.server, 1);
  std::string heard = pair.hear();
  CHECK(heard.starts_with("HTTP/1.1 400 "));
  CHECK(heard.ends_with("(end)"));
}

TEST_CASE("models/client: a client that is gone ends the talk, without a signal") {
  for (int flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    Pair pair(flags);
    pair.say(kGet);
    pair.hang_up();
    Conversation talk(0);
    if (flags) CHECK(go_on(pair.server, talk) == Next::nothing);
    else converse(pair.server, 1);
  }
}

TEST_CASE("models/client: without waiting: half a request is waited for, a whole one answered") {
  Pair pair(SOCK_NONBLOCK);
  Conversation talk(0);
  CHECK(go_on(pair.server, talk) == Next::reading);
  pair.say(kGet.substr(0, 9));
  CHECK(go_on(pair.server, talk) == Next::more);
  CHECK(go_on(pair.server, talk) == Next::reading);
  CHECK(pair.hear().empty());
  pair.say(kGet.substr(9));
  CHECK(go_on(pair.server, talk) == Next::more);
  CHECK(answers_in(pair.hear()) == 1);
  pair.say("nonsense\r\n\r\n");
  CHECK(go_on(pair.server, talk) == Next::nothing);
  CHECK(pair.hear().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("models/client: who does not read is not read from, and gets all answers later") {
  Pair pair(SOCK_NONBLOCK);
  Conversation talk(0);
  std::string many;
  for (int i = 0; i < 100; i++) many += kGet;
  size_t asked = 0;
  Next next = Next::more;
  while (next == Next::more) {
    asked += send(pair.client, many.data(), many.size(), 0) == static_cast<ssize_t>(many.size()) ? 100u : 0u;
    next = go_on(pair.server, talk);
  }
  CHECK(next == Next::writing);
  CHECK(go_on(pair.server, talk) == Next::writing);
  size_t heard = 0;
  for (int turn = 0; turn < 10'000 && heard < asked; turn++) {
    heard += answers_in(pair.hear());
    REQUIRE(go_on(pair.server, talk) != Next::nothing);
  }
  CHECK(heard >= asked);
}
