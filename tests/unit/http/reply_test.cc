#include "http/reply.h"

#include <doctest/doctest.h>

#include "asked.h"
#include "file_tree.h"

using namespace oklo;

namespace {

const std::string kHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kOld = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

}  // namespace

namespace {

struct Bytes {
  unsigned char first[63];
  unsigned char last;
};

}  // namespace

TEST_CASE("http/reply: an answer is byte for byte what RFC 9112 wants") {
  Asked asked;
  asked.exchange.add_field("X-One", "1");
  asked.exchange.send("body", "X-Two: 2\r\n");
  CHECK(asked.outlet.sent ==
        "HTTP/1.1 200 OK\r\nServer: oklo\r\nDate: Tue, 10 Oct 2000 13:55:36 GMT\r\nX-One: 1\r\nX-Two: 2\r\n"
        "Content-Length: 4\r\n\r\nbody");
  CHECK(asked.exchange.finished);
}

TEST_CASE("http/reply: the date is that of the clock when the answer is given") {
  Asked asked;
  for (int64_t second : {0, 1, 951'782'400, 1'709'251'199}) {
    asked.clock.wall_s = second;
    asked.exchange.reset(asked.outlet);
    asked.outlet.sent.clear();
    asked.exchange.status = 404;
    asked.exchange.send({});
    std::string first = asked.answer().field("date");
    asked.exchange.reset(asked.outlet);
    asked.outlet.sent.clear();
    asked.exchange.send({});
    CHECK(asked.answer().field("date") == first);
    if (second == 0) CHECK(first == "Thu, 01 Jan 1970 00:00:00 GMT");
    if (second == 951'782'400) CHECK(first == "Tue, 29 Feb 2000 00:00:00 GMT");
    if (second == 1'709'251'199) CHECK(first == "Thu, 29 Feb 2024 23:59:59 GMT");
  }
}

TEST_CASE("http/reply: a status that is not registered has a line without words") {
  Asked asked;
  asked.exchange.status = 299;
  asked.exchange.send({});
  CHECK(asked.outlet.sent.starts_with("HTTP/1.1 299 \r\n"));
}

TEST_CASE("http/reply: what becomes of the connection") {
  struct { std::string request; bool keep_alive; const char* field; } cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, "(none)"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, "close"},
      {kOld, true, "keep-alive"},
      {kOld, false, "close"},
  };
  for (auto& c : cases) {
    Asked asked(c.request);
    asked.exchange.keep_alive = c.keep_alive;
    asked.exchange.send("x");
    CHECK(asked.answer().field("connection") == c.field);
  }
  Asked asked;
  asked.exchange.fail(400, true);
  CHECK(!asked.exchange.keep_alive);
  CHECK(asked.answer().closes());
}

TEST_CASE("http/reply: shared bytes are sent without a copy when they are many") {
  for (size_t size : {0u, 100u, 4096u, 4097u, 60'000u}) {
    CAPTURE(size);
    Asked asked;
    BytesRef bytes = BytesRef::make("[" + std::string(size, 's') + "]");
    asked.exchange.send_shared(bytes, bytes.view().substr(1, size), "X: y\r\n");
    CHECK(asked.answer().body == std::string(size, 's'));
    CHECK(asked.answer().field("content-length") == std::to_string(size));
    CHECK(asked.answer().field("x") == "y");
    CHECK(static_cast<bool>(asked.outlet.held) == (size > 4096));
    CHECK(asked.exchange.finished);
    CHECK(asked.exchange.body_bytes == size);
    CHECK(!asked.exchange.holds_file);
  }
}

TEST_CASE("http/reply: a part of a file") {
  FileTree tree;
  tree.file("root/f", "0123456789");
  sys::Fd root = sys::open_directory(tree.root()).value();
  for (bool head : {false, true}) {
    Asked asked(head ? kHead : Asked().bytes);
    sys::Fd file;
    REQUIRE(sys::open_beneath(root.get(), "f", file) >= 0);
    asked.exchange.send_file(std::move(file), 2, 5, "");
    CHECK(asked.answer().body == (head ? "" : "23456"));
    CHECK(asked.answer().field("content-length") == "5");
    CHECK(asked.exchange.holds_file == !head);
    CHECK(asked.exchange.finished);
  }
}

TEST_CASE("http/reply: parts whose total is known") {
  Asked asked;
  BytesRef bytes = BytesRef::make(std::string("shared"));
  asked.exchange.begin_sized(11, "X: y\r\n");
  CHECK(asked.exchange.begun);
  asked.exchange.part("first");
  CHECK(!asked.exchange.finished);
  asked.exchange.part_shared(bytes, bytes.view());
  asked.exchange.end_sized();
  CHECK(asked.exchange.finished);
  CHECK(asked.answer().body == "firstshared");
  CHECK(asked.exchange.body_bytes == 11);
}

TEST_CASE("http/reply: a whole answer without content has no length") {
  Asked asked;
  asked.exchange.status = 304;
  asked.exchange.send_empty("ETag: \"e\"\r\n");
  CHECK(asked.answer().field("content-length") == "(none)");
  CHECK(asked.answer().field("etag") == "\"e\"");
  CHECK(asked.exchange.finished);
}

TEST_CASE("http/reply: to HEAD no byte of a body is sent or counted") {
  BytesRef bytes = BytesRef::make(std::string(5000, 's'));
  const Function<void(http::Exchange&)> ways[] = {
      [](http::Exchange& exchange) { exchange.send(std::string(5000, 'x')); },
      [&](http::Exchange& exchange) { exchange.send_shared(bytes, bytes.view(), ""); },
      [](http::Exchange& exchange) { exchange.fail(404); },
      [](http::Exchange& exchange) { exchange.write("x"), exchange.trailer("X", "y"), exchange.end(); },
  };
  for (const auto& way : ways) {
    Asked asked(kHead);
    way(asked.exchange);
    CHECK(asked.outlet.sent.ends_with("\r\n\r\n"));
    CHECK(asked.answer().status > 0);
    CHECK(asked.exchange.body_bytes == 0);
    CHECK(asked.exchange.finished);
  }
}

TEST_CASE("http/reply: chunks are framed one for each piece, and empty pieces by none") {
  Asked asked;
  CHECK(asked.exchange.write("one"));
  CHECK(asked.exchange.write(""));
  CHECK(asked.exchange.write(std::string(17, 'x')));
  CHECK(!asked.exchange.trailer("Content-Length", "1"));
  CHECK(asked.exchange.trailer("X", "y"));
  asked.exchange.end();
  CHECK(asked.outlet.sent.ends_with("\r\n\r\n3\r\none\r\n11\r\n" + std::string(17, 'x') +
                                    "\r\n0\r\nX: y\r\n\r\n"));
  CHECK(asked.exchange.body_bytes == 20);
}

TEST_CASE("http/reply: for HTTP/1.0 the end of the connection is the end of what write began") {
  Asked asked(kOld);
  asked.exchange.write("one");
  CHECK(!asked.exchange.keep_alive);
  CHECK(!asked.exchange.trailer("X", "y"));
  asked.exchange.end();
  CHECK(asked.answer().body == "one");
  CHECK(asked.answer().closes());
}

TEST_CASE("http/reply: there is only one answer") {
  Asked asked;
  asked.exchange.send("one");
  std::string sent = asked.outlet.sent;
  asked.exchange.send("two");
  asked.exchange.send_empty();
  asked.exchange.fail(500, true);
  CHECK(!asked.exchange.write("two"));
  asked.exchange.end();
  CHECK(asked.outlet.sent == sent);
  CHECK(asked.exchange.status == 200);
  CHECK(asked.exchange.keep_alive);
}

TEST_CASE("http/reply: there is room for 8192 bytes of fields") {
  Asked asked;
  CHECK(!asked.exchange.add_field("X", std::string(8188, 'v')));
  CHECK(asked.exchange.add_field("X", std::string(8187, 'v')));
  CHECK(!asked.exchange.add_field("Y", ""));
  asked.exchange.send(std::string(4096, 'b'), std::string("Z: ") + std::string(3000, 'z') + "\r\n");
  CHECK(asked.answer().field("x").size() == 8187);
  CHECK(asked.answer().body.size() == 4096);
}

TEST_CASE("http/reply: nothing of one answer is left for the next") {
  Asked asked;
  asked.exchange.request().state<Bytes>().last = 1;
  asked.exchange.add_field("X", "y");
  asked.exchange.body = "body";
  asked.exchange.write("first");
  asked.exchange.trailer("X", "y");
  asked.exchange.end();
  asked.exchange.keep_alive = false;
  asked.exchange.late = http::Reply::Late::answer;
  asked.exchange.reset(asked.outlet);
  asked.outlet.sent.clear();
  CHECK(asked.exchange.request().state<Bytes>().last == 0);
  CHECK(asked.exchange.body.empty());
  asked.exchange.write("two");
  CHECK(asked.exchange.body_bytes == 3);
  asked.exchange.end();
  CHECK(asked.exchange.finished);
  CHECK(asked.exchange.late == http::Reply::Late::no);
  CHECK(asked.answer().body == "two");
  CHECK(asked.answer().field("x") == "(none)");
  CHECK(asked.answer().trailers.empty());
  CHECK(!asked.answer().closes());
  asked.exchange.reset(asked.outlet);
  asked.exchange.status = 204;
  asked.exchange.write("nothing");
  CHECK(asked.exchange.body_bytes == 0);
}
