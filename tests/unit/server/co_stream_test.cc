#include <oklo/co_stream.h>

#include "co_stream_world.h"

#include <string>
#include <vector>

#include "child.h"

using oklo::Co;
using oklo::CloseReason;
using oklo::Stream;

namespace {

oklo::StreamOptions small_water() {
  oklo::StreamOptions options;
  options.high_water = 100'000;
  options.low_water = 10'000;
  return options;
}

const std::string kPiece(60'000, 'x');

}  // namespace

TEST_CASE("server/co_stream: lines come one by one, however they are cut") {
  const std::string text = "one\r\n\ntwo\n\r\n1234567890\r\n";
  for (size_t cut = 0; cut <= text.size(); cut++) {
    CoStreamWorld world(echo_lines);
    Peer peer = world.connect();
    world.settle();
    world.give(peer, text.substr(0, cut));
    world.give(peer, text.substr(cut));
    CHECK(peer.read() == "<one>\n<>\n<two>\n<>\n<1234567890>\n");
  }
}

TEST_CASE("server/co_stream: lines that come byte by byte") {
  CoStreamWorld world(echo_lines);
  Peer peer = world.connect();
  for (char c : std::string("ab\r\nc\r\r\n")) world.give(peer, {&c, 1});
  CHECK(peer.read() == "<ab>\n<c\r>\n");
}

TEST_CASE("server/co_stream: a line that is too long gives nothing, and the coroutine may end") {
  for (const char* text : {"12345678901\n", "12345678901\r\n", "123456789012", "12345678901234567890"}) {
    CoStreamWorld world(echo_lines);
    Peer peer = world.connect();
    world.give(peer, text);
    CHECK(world.read_all(peer).empty());
  }
}

TEST_CASE("server/co_stream: what is there at the end stays to be read") {
  std::string seen;
  auto serve = [&seen](Stream peer) -> Co<> {
    auto first = co_await peer.read_line(5);
    seen += told(first);
    seen += peer.ended() ? "ended " : "goes on ";
    auto second = co_await peer.read();
    seen += told(second);
    auto third = co_await peer.read_exactly(4);
    seen += told(third);
    seen += peer.ended() ? "ended " : "goes on ";
    auto fourth = co_await peer.read();
    seen += told(fourth);
    auto fifth = co_await peer.read();
    seen += told(fifth);
    CHECK_FALSE(peer.closed());
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  world.give(peer, "too long");
  world.give(peer, "cut");
  CHECK(seen == "nothing goes on (too long)");
  peer.finish();
  world.settle();
  CHECK(seen == "nothing goes on (too long)nothing ended (cut)nothing ");
  CHECK(world.closed(CloseReason::finished) == 1);
}

TEST_CASE("server/co_stream: exactly so many bytes, also none and many") {
  std::string seen;
  auto serve = [&seen](Stream peer) -> Co<> {
    const size_t sizes[] = {3, 0, 1, 200'000, 2};  // g++ 12 loses a list that stands in the loop.
    for (size_t bytes : sizes) {
      auto read = co_await peer.read_exactly(bytes);
      seen += read && read->size() == bytes ? std::to_string(bytes) + read->substr(0, 3).data()[0] : "-";
    }
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  world.give(peer, "ab");
  CHECK(seen.empty());
  world.give(peer, "cd");
  CHECK(seen.substr(0, 2) == "3a");
  std::string many(200'000, 'm');
  size_t sent = 0;
  world.turn_until([&] {
    sent += peer.write(std::string_view(many).substr(sent));
    return sent == many.size();
  });
  CHECK(peer.write("xy") == 2);
  world.turn_until([&] { return seen.size() > 14; });
  CHECK(seen == "3a0d1d200000m2x");
}

TEST_CASE("server/co_stream: what was read stays as it is until the next read, whatever comes") {
  std::string seen;
  Gate gate;
  auto serve = [&](Stream peer) -> Co<> {
    auto line = co_await peer.read_line();
    co_await gate.wait();
    seen += told(line);
    while (auto more = co_await peer.read()) seen += told(more);
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  world.give(peer, "first line of some length\n");
  for (int i = 0; i < 20; i++) world.give(peer, "and more, until the buffer has to grow");
  CHECK(seen.empty());
  gate.open();
  CHECK(seen.starts_with("(first line of some length)(and more, until"));
  CHECK(seen.size() == 27 + 2 + 20 * 38);
}

TEST_CASE("server/co_stream: a coroutine that does not read holds up its peer") {
  Gate gate;
  size_t got = 0;
  auto serve = [&](Stream peer) -> Co<> {
    co_await gate.wait();
    while (auto more = co_await peer.read()) got += more->size();
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  size_t sent = 0;
  for (size_t before = 1; before != sent || sent == 0;) {
    before = sent;
    sent += peer.write(kPiece);
    world.settle();
  }
  CHECK(sent < 2'000'000);
  gate.open();
  world.turn_until([&] { return got == sent; });
  world.give(peer, "and on");
  CHECK(got == sent + 6);
}

TEST_CASE("server/co_stream: with framing each read gives one message, also an empty one") {
  oklo::StreamOptions options;
  options.framing.kind = oklo::StreamFraming::Kind::delimiter;
  options.framing.delimiter = ";";
  std::string seen;
  auto serve = [&seen](Stream peer) -> Co<> {
    while (auto message = co_await peer.read()) {
      seen += told(message);
      if (*message == "wait") co_await oklo::sleep_ms(0);
    }
    seen += "end";
  };
  CoStreamWorld world(serve, options);
  Peer peer = world.connect();
  world.give(peer, "a;;wait;b;wait;;c;rest");
  CHECK(seen == "(a)()(wait)(b)(wait)()(c)");
  peer.finish();
  world.settle();
  CHECK(seen.ends_with("(c)end"));
}

// ---------------------------------------------------------------- writing

TEST_CASE("server/co_stream: a write waits while too much waits to be sent") {
  int written = 0;
  auto serve = [&written](Stream peer) -> Co<> {
    for (; written < 100; written++)
      if (!co_await peer.write(kPiece)) FAIL_CHECK("closed");
  };
  CoStreamWorld world(serve, small_water());
  Peer peer = world.connect();
  world.settle();
  CHECK(written > 0);
  int before = written;
  CHECK(before < 50);
  world.settle();
  CHECK(written == before);
  CHECK(world.take(peer, 100 * kPiece.size()).size() == 100 * kPiece.size());
  CHECK(world.read_all(peer).empty());
  CHECK(written == 100);
}

TEST_CASE("server/co_stream: a write from a timer, whose queue is short again before it was told") {
  int written = 0;
  auto serve = [&written](Stream peer) -> Co<> {
    for (; written < 30; written++) {
      co_await oklo::sleep_ms(0);
      if (!co_await peer.write(kPiece)) FAIL_CHECK("closed");
    }
  };
  CoStreamWorld world(serve, small_water());
  Peer peer = world.connect();
  CHECK(world.take(peer, 30 * kPiece.size()).size() == 30 * kPiece.size());
  CHECK(written == 30);
}

TEST_CASE("server/co_stream: a write that waits ends with false when the connection does") {
  std::string seen;
  auto serve = [&seen](Stream peer) -> Co<> {
    while (co_await peer.write(kPiece)) {}
    seen = "false ";
    bool more = co_await peer.write("more");
    auto nothing = co_await peer.read();
    CHECK_FALSE(more);
    CHECK_FALSE(nothing);
    seen += oklo::close_reason_name(peer.closed().value());
  };
  CoStreamWorld world(serve, small_water());
  Peer peer = world.connect();
  world.settle();
  CHECK(seen.empty());
  peer.close();
  world.settle();
  CHECK(seen == "false peer_reset");
}

TEST_CASE("server/co_stream: the sending side ends alone") {
  auto serve = [](Stream peer) -> Co<> {
    co_await peer.write("last words");
    peer.shutdown_send();
    bool sent = co_await peer.write("never");
    CHECK_FALSE(sent);
    auto answer = co_await peer.read();
    CHECK(told(answer) == "(heard)");
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  CHECK(world.read_all(peer) == "last words");
  world.give(peer, "heard");
  peer.close();
  world.settle();
  CHECK(world.closed(CloseReason::finished) == 1);
}

// ---------------------------------------------------------------- the ends

TEST_CASE("server/co_stream: the connection closes when its coroutine ends, with all that was written") {
  CoStreamWorld world([](Stream peer) -> Co<> { co_await peer.write("good bye"); });
  Peer peer = world.connect("hello");
  CHECK(world.read_all(peer) == "good bye");
  peer.close();
  world.settle();
  CHECK(world.closed(CloseReason::finished) == 1);
}

TEST_CASE("server/co_stream: a read of a connection that was reset gives nothing, and code goes on") {
  std::string order;
  auto serve = [&order](Stream peer) -> Co<> {
    Witness witness(order, "local");
    auto first = co_await peer.read();
    order += told(first);
    order += oklo::close_reason_name(peer.closed().value());
    auto again = co_await peer.read_line();
    order += again ? " " : " nothing ";
    co_await oklo::sleep_ms(0);
    order += "never ";
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  world.settle();
  world.pool.abort_all();
  world.settle();
  CHECK(order == "nothing aborted nothing ~local ");
  CHECK(world.here.timers.size() == 0);
}

TEST_CASE("server/co_stream: where it waits for anything else it ends with its connection") {
  std::string order;
  Gate gate;
  auto inner = [&]() -> Co<> {
    Witness witness(order, "inner");
    co_await gate.wait();
    order += "never ";
  };
  auto serve = [&](Stream peer) -> Co<> {
    Witness witness(order, "outer");
    co_await peer.write("hello");
    co_await oklo::all(inner(), inner());
    order += "never ";
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  world.settle();
  CHECK(order.empty());
  world.pool.abort_all();
  world.settle();
  CHECK(order == "~inner ~inner ~outer ");
}

TEST_CASE("server/co_stream: a peer that ends its side alone is answered") {
  auto serve = [](Stream peer) -> Co<> {
    std::string all;
    while (auto more = co_await peer.read()) all += *more;
    co_await oklo::sleep_ms(1);
    co_await peer.write("all: " + all);
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect("question");
  peer.finish();
  CHECK(world.read_all(peer) == "all: question");
}

TEST_CASE("server/co_stream: after a reload it stays, and a stop closes it") {
  std::string order;
  auto serve = [&order](Stream peer) -> Co<> {
    while (auto read = co_await peer.read()) order += told(read);
    order += oklo::close_reason_name(peer.closed().value());
  };
  CoStreamWorld world(serve);
  Peer peer = world.connect();
  world.settle();
  world.pool.drain(oklo::DrainMode::reload);
  world.settle();
  world.give(peer, "still here");
  CHECK(order == "(still here)");
  world.pool.drain(oklo::DrainMode::stop);
  peer.close();
  world.settle();
  CHECK(order == "(still here)drained");
}

TEST_CASE("server/co_stream: a stream that was handed on lives in its new place") {
  std::string order;
  auto other = [&order](Stream peer) -> Co<> {
    auto first = co_await peer.read();
    order += told(first);
    auto second = co_await peer.read();
    order += told(second);
    co_await oklo::sleep_ms(0);  // It is not this connection's own coroutine, so that it goes on.
    order += "end";
  };
  CoStreamWorld world([&other](Stream peer) -> Co<> {
    oklo::spawn(other(std::move(peer)));
    CHECK_FALSE(peer);
    auto nothing = co_await peer.read();
    bool sent = co_await peer.write("x");
    CHECK_FALSE(nothing);
    CHECK_FALSE(sent);
  });
  Peer peer = world.connect();
  world.give(peer, "a");
  CHECK(order == "(a)");
  world.pool.abort_all();
  world.settle();
  CHECK(order == "(a)nothing end");
}

TEST_CASE("server/co_stream: thousands of connections leave nothing behind") {
  int alive = 0;
  struct Counted {
    explicit Counted(int& of) : count(of) { count++; }
    ~Counted() { count--; }
    Counted(const Counted&) = delete;
    int& count;
  };
  CoStreamWorld world([&alive](Stream peer) -> Co<> {
    Counted counted(alive);
    while (auto line = co_await peer.read_line()) co_await oklo::sleep_ms(std::string(*line) == "sleep");
  });
  for (int round = 0; round < 50; round++) {
    std::vector<Peer> peers;
    for (int i = 0; i < 40; i++) peers.push_back(world.connect(i % 2 ? "sleep\n" : "x\ny"));
    world.turn();
    CHECK(alive == 40);
    peers.clear();
    world.wait_until([&] { return alive == 0; });
  }
}

TEST_CASE("server/co_stream: two who read at once, or a line of a stream with framing, end the process") {
  CHECK(aborts([] {
          CoStreamWorld world([](Stream peer) -> Co<> {
            auto read = [](Stream& from) -> Co<> { co_await from.read(); };
            co_await oklo::all(read(peer), read(peer));
          });
          Peer peer = world.connect();
        }) == 1000 + SIGABRT);
  CHECK(aborts([] {
          oklo::StreamOptions options;
          options.framing.kind = oklo::StreamFraming::Kind::delimiter;
          CoStreamWorld world(echo_lines, options);
          Peer peer = world.connect();
        }) == 1000 + SIGABRT);
}
