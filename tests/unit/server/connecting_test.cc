#include <oklo/co_stream.h>

#include "co_stream_world.h"

#include <string>
#include <vector>

using oklo::Co;
using oklo::CloseReason;
using oklo::Stream;

TEST_CASE("server/connecting: connect gives a stream, and its end closes the connection") {
  CoStreamWorld world(echo_lines);
  Listening listening;
  std::string address = listening.address.to_string();
  oklo::spawn([&]() -> Co<> {
    Stream peer = co_await oklo::connect(address);
    CHECK(peer);
    CHECK(peer.error().empty());
    CHECK(oklo::is_open(peer.id()));
    co_await peer.write("hello\n");
    auto line = co_await peer.read_line();
    world.order += told(line);
  });
  world.settle();
  Peer peer = world.accept(listening);
  CHECK(peer.read() == "hello\n");
  world.give(peer, "good day\n");
  CHECK(world.order == "(good day)");
  CHECK(world.read_all(peer).empty());
  peer.close();
  world.settle();
  CHECK(world.pool.empty());
}

TEST_CASE("server/connecting: connect that fails says why") {
  CoStreamWorld world(echo_lines);
  auto attempt = [&](const char* address) -> Co<> {
    Stream peer = co_await oklo::connect(address);
    CHECK_FALSE(peer);
    auto nothing = co_await peer.read();
    bool sent = co_await peer.write("x");
    CHECK_FALSE(nothing);
    CHECK_FALSE(sent);
    CHECK(peer.ended());
    peer.close();
    world.order.append(peer.error()).append("; ");
  };
  oklo::spawn(attempt("unix:/nowhere"));
  oklo::spawn(attempt("nonsense"));
  CHECK(world.order.empty());
  world.settle();
  CHECK(world.order.find("connect to unix:/nowhere: No such file or directory; ") != std::string::npos);
  CHECK(world.order.find("nonsense") != std::string::npos);
}

TEST_CASE("server/connecting: connect waits no longer than it is told") {
  CoStreamWorld world(echo_lines);
  Listening listening;
  std::vector<Peer> fillers;
  oklo::sys::Fd full(oklo::sys::listen_on(*oklo::sys::Address::parse("127.0.0.1:0"), {}).value());
  listen(full.get(), 0);
  std::string address = oklo::sys::local_address(full.get())->to_string();
  oklo::sys::Address to = *oklo::sys::local_address(full.get());
  for (int i = 0; i < 3; i++) {
    oklo::sys::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(fd.get(), to.data(), to.size());
    fillers.emplace_back(std::move(fd));
  }
  oklo::spawn([&]() -> Co<> {
    Stream peer = co_await oklo::connect(address, 20);
    world.order = peer.error();
  });
  world.wait_until([&] { return !world.order.empty(); });
  CHECK(world.order == "cannot connect to " + address + ": no answer within 20 ms");
  CHECK(world.pool.empty());
}

TEST_CASE("server/connecting: a connect that is given up leaves nothing, at any time") {
  Listening listening;
  std::string address = listening.address.to_string();
  for (int turns = 0; turns < 6; turns++) {
    CoStreamWorld world(echo_lines);
    oklo::co::RootPlace root;
    auto dial = [&]() -> Co<> {
      auto connecting = oklo::connect(address);
      co_await oklo::sleep_ms(0);
      Stream peer = co_await connecting;
      co_await oklo::sleep_ms(10'000);
    };
    oklo::co::Root::start(dial(), &root);
    for (int i = 0; i < turns; i++) world.turn();
    REQUIRE(root);
    root.end();
    CHECK_FALSE(root);
    world.settle();
    CHECK(world.connector.size() == 0);
    CHECK(world.here.timers.size() == 0);
    world.accept(listening).close();
    world.settle();
  }
}

TEST_CASE("server/connecting: a proxy of two streams, and the end of one ends the other") {
  Listening listening;
  std::string address = listening.address.to_string();
  auto pump = [](Stream& from, Stream& to) -> Co<> {
    while (auto bytes = co_await from.read())
      if (!co_await to.write(*bytes)) co_return;
    to.shutdown_send();
  };
  for (bool resets : {false, true}) {
    CoStreamWorld world([&](Stream client) -> Co<> {
      Stream server = co_await oklo::connect(address);
      co_await oklo::all(pump(client, server), pump(server, client));
    });
    Peer client = world.connect("question");
    world.settle();
    Peer server = world.accept(listening);
    world.settle();
    CHECK(server.read() == "question");
    world.give(server, "answer");
    CHECK(client.read() == "answer");
    if (resets) {
      world.pool.for_each([](oklo::net::Connection& c) {
        if (c.endpoint().kind == oklo::ConnectionKind::stream) c.abort(CloseReason::peer_reset);
      });
    } else {
      client.finish();
    }
    CHECK(world.read_all(server).empty());
    if (!resets) world.give(server, "late answer");
    server.close();
    if (!resets) CHECK(world.read_all(client) == "late answer");
    world.settle();
    CHECK(world.pool.empty());
  }
}
