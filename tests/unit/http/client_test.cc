#include <oklo/http_client.h>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/connector.h"
#include "net/listening.h"
#include "net/net_fixture.h"

using oklo::CloseReason;
using oklo::HttpClient;
using oklo::HttpClientOptions;
using oklo::HttpReply;
using oklo::HttpRequest;

namespace {

constexpr std::string_view kPlain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// A worker whose program asks, and the server that it asks, in the hands of the test.
struct Asking : Net {
  oklo::Connector connector{pool};
  Listening listening{"127.0.0.1:0"};
  std::vector<std::string> told;  // status and body, or the error

  HttpClient::Done done() {
    return [this](const HttpReply& reply) {
      if (reply.ok()) told.push_back(std::to_string(reply.status()) + " " + std::string(reply.body()));
      else told.push_back(std::string(reply.error()));
    };
  }
  std::string url() const { return "http://" + listening.address.to_string() + "/x"; }
  std::string no_answer() const { return "no answer from " + listening.address.to_string() + ": "; }
  void settle() {
    for (int i = 0; i < 8; i++) turn();
  }
  Peer accept() {
    oklo::sys::Address from;
    long fd = -1;
    turn_until([&] { return (fd = oklo::sys::accept_connection(listening.listener.get(), from)) >= 0; });
    settle();
    return Peer(oklo::sys::Fd(static_cast<int>(fd)));
  }
  bool more_waits() {
    settle();
    oklo::sys::Address from;
    oklo::sys::Fd fd(static_cast<int>(oklo::sys::accept_connection(listening.listener.get(), from)));
    return fd.get() >= 0;
  }
  // Before the client dies, which must outlive its connections.
  void end() {
    pool.abort_all();
    settle();
    CHECK(pool.empty());
  }
};

}  // namespace

TEST_CASE("http/client: nothing is told before it was asked, and all once") {
  Asking world;
  HttpClient client;
  CHECK(client.get(world.url(), world.done()));
  CHECK(client.get("nonsense", world.done()));
  CHECK(world.told.empty());
  Peer peer = world.accept();
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0] == "bad URL \"nonsense\": it must begin with http://");
  std::string host = world.listening.address.to_string();
  CHECK(peer.read() == "GET /x HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  peer.write(kPlain);
  world.settle();
  REQUIRE(world.told.size() == 2);
  CHECK(world.told[1] == "200 hello");
  CHECK(world.pool.accepted() == 0);
  world.end();
}

TEST_CASE("http/client: requests that can't be sent") {
  Asking world;
  HttpClient client;
  auto ask = [&](std::string method, std::string name, std::string value) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = world.url();
    request.headers.emplace_back(std::move(name), std::move(value));
    client.send(std::move(request), world.done());
    world.settle();
    return std::exchange(world.told, {}).at(0);
  };
  CHECK(ask("GET", "host", "x") == "host is written by the client");
  CHECK(ask("GET", "Transfer-Encoding", "x") == "Transfer-Encoding is written by the client");
  CHECK(ask("GET", "A", "b\r\nC: d") == "the field A can't be sent");
  CHECK(ask("GET", "A b", "c") == "the field A b can't be sent");
  CHECK(ask("GE T", "A", "b") == "the method is no word");
  CHECK(ask("CONNECT", "A", "b") == "CONNECT is not for a client like this");
  CHECK(world.pool.empty());
}

TEST_CASE("http/client: a connection is kept, used again, and closed when its time is over") {
  Asking world;
  HttpClient client({.keep_ms = 40});
  client.get(world.url(), world.done());
  Peer peer = world.accept();
  peer.write(kPlain);
  world.settle();
  client.get(world.url(), world.done());
  CHECK_FALSE(world.more_waits());
  peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  world.settle();
  CHECK(world.told == std::vector<std::string>{"200 hello", "200 "});
  world.wait_until([&] { return world.pool.empty(); });
  CHECK(world.closed(CloseReason::idle_timeout) == 1);
}

TEST_CASE("http/client: no more are kept than it may") {
  Asking world;
  HttpClient client({.keep = 1});
  client.get(world.url(), world.done());
  client.get(world.url(), world.done());
  Peer first = world.accept(), second = world.accept();
  first.write(kPlain);
  world.settle();
  second.write(kPlain);
  world.settle();
  CHECK(world.told.size() == 2);
  CHECK(world.pool.size() == 1);
  CHECK(first.read().size() > 0);
  CHECK(first.ended());
  world.end();
}

TEST_CASE("http/client: HEAD has no body, whatever its length says") {
  Asking world;
  HttpClient client;
  HttpRequest request;
  request.method = "HEAD";
  request.url = world.url();
  client.send(std::move(request), world.done());
  Peer peer = world.accept();
  peer.write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  world.settle();
  CHECK(world.told == std::vector<std::string>{"200 "});
  CHECK(world.pool.size() == 1);
  world.end();
}

TEST_CASE("http/client: cancelled it tells nothing, at whatever stage it is") {
  Asking world;
  HttpClient client;
  std::string pieces;
  uint64_t number = client.get(world.url(), world.done());
  CHECK(client.cancel(number));
  CHECK_FALSE(client.cancel(number));
  CHECK_FALSE(world.more_waits());

  number = client.get(world.url(), world.done());
  Peer peer = world.accept();
  CHECK(client.cancel(number));
  world.settle();
  CHECK(world.pool.empty());

  HttpRequest request;
  request.url = world.url();
  request.on_piece = [&](std::string_view piece) {
    pieces += piece;
    CHECK(client.cancel(number));
    CHECK_FALSE(client.cancel(number));
  };
  number = client.send(std::move(request), world.done());
  Peer next = world.accept();
  next.write(kPlain);
  world.settle();
  CHECK(pieces == "hello");
  CHECK(world.told.empty());
  CHECK(world.pool.empty());
}

TEST_CASE("http/client: a body in pieces is not kept, and may be larger than body_bytes") {
  Asking world;
  HttpClient client({.body_bytes = 4});
  std::string pieces;
  HttpRequest request;
  request.url = world.url();
  request.on_piece = [&](std::string_view piece) { pieces.append(piece).append("|"); };
  client.send(std::move(request), world.done());
  Peer peer = world.accept();
  peer.write(kPlain.substr(0, kPlain.size() - 2));
  world.settle();
  peer.write("lo");
  world.settle();
  CHECK(pieces == "hel|lo|");
  client.get(world.url(), world.done());
  world.settle();
  peer.write(kPlain);
  world.settle();
  REQUIRE(world.told.size() == 2);
  CHECK(world.told[0] == "200 ");
  CHECK(world.told[1] == world.no_answer() + "the body is larger than body_bytes");
}

TEST_CASE("http/client: answers byte by byte, and split at each place") {
  Asking world;
  HttpClient client;
  uint64_t last = client.get(world.url(), world.done());
  Peer peer = world.accept();
  auto answer = [&](std::string_view bytes, size_t first, size_t step) {
    world.told.clear();
    for (size_t at = 0; at < bytes.size(); at += std::exchange(first, step)) {
      CHECK(world.told.empty());
      peer.write(bytes.substr(at, first));
      world.settle();
    }
    CHECK(world.told == std::vector<std::string>{"200 hello, world"});
    last = client.get(world.url(), world.done());
    world.settle();
  };
  for (std::string_view bytes :
       {std::string_view("HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n7;a=\"b\"\r\n, world\r\n0\r\nC: d\r\n\r\n"),
        std::string_view("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 12\r\n\r\nhello, world")}) {
    answer(bytes, 1, 1);
    for (size_t split = 1; split < bytes.size(); split++) answer(bytes, split, bytes.size());
  }
  CHECK_FALSE(world.more_waits());
  client.cancel(last);
  world.end();
}

TEST_CASE("http/client: what takes too long fails") {
  Asking world;
  HttpClient client({.head_ms = 30, .idle_ms = 40});
  client.get(world.url(), world.done());
  Peer peer = world.accept();
  world.wait_until([&] { return !world.told.empty(); });
  CHECK(world.told.back() == world.no_answer() + "no head within 30 ms");
  client.get(world.url(), world.done());
  Peer next = world.accept();
  next.write(kPlain.substr(0, kPlain.size() - 1));
  world.wait_until([&] { return world.told.size() == 2; });
  CHECK(world.told.back() == world.no_answer() + "nothing more within 40 ms");
  world.settle();
  CHECK(world.pool.empty());
}

TEST_CASE("http/client: a kept connection that is gone costs an idempotent request nothing") {
  for (bool post : {false, true}) {
    Asking world;
    HttpClient client;
    client.get(world.url(), world.done());
    Peer peer = world.accept();
    peer.write(kPlain);
    world.settle();
    HttpRequest request;
    request.method = post ? "POST" : "GET";
    request.url = world.url();
    client.send(std::move(request), world.done());
    world.settle();
    CHECK(peer.read().size() > 0);
    peer.close();
    if (post) {
      world.turn_until([&] { return world.told.size() == 2; });
      CHECK(world.told[1] == world.no_answer() + "the connection was closed before all had come");
    } else {
      Peer next = world.accept();
      next.write(kPlain);
      world.turn_until([&] { return world.told.size() == 2; });
      CHECK(world.told[1] == "200 hello");
    }
    world.end();
  }
}

TEST_CASE("http/client: when the process leaves all that is under way fails, and what is kept is closed") {
  Asking world;
  HttpClient client;
  client.get(world.url(), world.done());
  Peer kept = world.accept();
  kept.write(kPlain);
  world.settle();
  client.get(world.url(), world.done());
  client.get(world.url(), world.done());
  Peer under_way = world.accept();
  client.get(world.url(), world.done());
  world.connector.leave();
  world.pool.drain_clients();
  world.settle();
  CHECK(world.told.size() == 4);
  for (size_t i = 1; i < world.told.size(); i++)
    CHECK(world.told[i].ends_with("this process leaves"));
  CHECK(world.pool.empty());
}
