#include "models/conversation.h"

#include <doctest/doctest.h>

#include <string>

using oklo::models::Conversation;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLast = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view kHello =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Worker: 3\r\nContent-Length: 6\r\n\r\nhello\n";
constexpr std::string_view kGoodbye =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Worker: 3\r\nContent-Length: 6\r\n"
    "Connection: close\r\n\r\nhello\n";

std::string text(std::string_view a, std::string_view b) { return std::string(a).append(b); }

// All that is answered when the bytes come in pieces of that size.
std::string said(std::string_view bytes, size_t piece) {
  Conversation talk(3);
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    talk.received(bytes.substr(0, piece));
    talk.answer();
    out.append(talk.unsent());
    talk.sent(talk.unsent().size());
    if (talk.is_over()) break;
  }
  return out;
}

bool refused(std::string_view bytes) {
  Conversation talk(3);
  talk.received(bytes);
  bool noticed = talk.has_request();
  talk.answer();
  return noticed && talk.is_over() && talk.unsent().starts_with("HTTP/1.1 400 Bad Request\r\n") &&
         talk.unsent().find("\r\nConnection: close\r\n") != std::string_view::npos;
}

}  // namespace

TEST_CASE("models/conversation: requests that come whole, in pieces of any size, or together are answered") {
  std::string bytes = text(text(kGet, kGet), kLast);
  std::string answers = text(text(kHello, kHello), kGoodbye);
  for (size_t piece = 1; piece <= bytes.size(); piece++) CHECK(said(bytes, piece) == answers);
}

TEST_CASE("models/conversation: what comes behind the last request is not looked at") {
  CHECK(said(text(kLast, kGet), 1000) == kGoodbye);
  CHECK(said("GET / HTTP/1.0\r\n\r\n", 1000) == kGoodbye);
}

TEST_CASE("models/conversation: anything but a GET without a body is refused") {
  CHECK(refused("nonsense\r\n\r\n"));
  CHECK(refused("\x16\x03\x01"));
  CHECK(refused("GET / HTTP/1.1\r\n\r\n"));
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"));
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"));
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  CHECK(refused(std::string(40'000, 'x')));
}

TEST_CASE("models/conversation: requests before a bad one are answered") {
  CHECK(said(text(kGet, "nonsense\r\n"), 1000).starts_with(text(kHello, "HTTP/1.1 400 ")));
}

TEST_CASE("models/conversation: it knows when a request is whole, and when nothing is under way") {
  Conversation talk(0);
  CHECK(talk.is_idle());
  CHECK(!talk.has_request());
  talk.received(kGet.substr(0, 20));
  CHECK(!talk.is_idle());
  CHECK(!talk.has_request());
  talk.received(kGet.substr(20));
  CHECK(talk.has_request());
  talk.answer();
  CHECK(!talk.has_request());
  CHECK(!talk.is_idle());
  size_t size = talk.unsent().size();
  talk.sent(size - 1);
  CHECK(talk.unsent() == "\n");
  talk.sent(1);
  CHECK(talk.is_idle());
}

TEST_CASE("models/conversation: one that is to end soon says so in its next answer") {
  Conversation talk(3);
  talk.end_soon();
  CHECK(!talk.is_over());
  talk.received(kGet);
  talk.answer();
  CHECK(talk.is_over());
  CHECK(talk.unsent() == kGoodbye);
}
