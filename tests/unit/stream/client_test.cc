#include <oklo/client.h>

#include "stream_world.h"

#include <utility>
#include <vector>

#include "net/connector.h"
#include "net/listening.h"
#include "net/relay.h"

using oklo::CloseReason;
using oklo::Connection;
using oklo::ConnectionId;
using oklo::StreamClient;
using oklo::StreamHandlers;

namespace {

// A worker with a stream service, whose program has clients.
struct ClientWorld : StreamWorld {
  oklo::Relay relay;
  oklo::Connector connector;
  Listening listening;
  std::string why;

  ClientWorld() : StreamWorld(echo()), relay(*reactor, life, {}, &pool), connector(pool) {}
  // Before the client dies, which must outlive its connections.
  void end() {
    pool.abort_all();
    turn();
  }

  static StreamHandlers echo() {
    StreamHandlers handlers;
    handlers.on_receive = [](Connection& c, std::string_view bytes) { c.send(bytes); };
    return handlers;
  }
  StreamClient::OnFailed failed() {
    return [this](std::string_view to, std::string_view what) {
      why.append(to).append(": ").append(what).append(" ");
    };
  }
  std::string address() const { return listening.address.to_string(); }
  Peer accept() const {
    oklo::sys::Address from;
    oklo::sys::Fd fd(static_cast<int>(oklo::sys::accept_connection(listening.listener.get(), from)));
    REQUIRE(fd);
    return Peer(std::move(fd));
  }
};

struct Mark {
  int number;
  char name[12];
};

}  // namespace

TEST_CASE("stream/client: handlers are called as for a service, and the id is that of the connection") {
  std::string calls;
  ClientWorld world;
  StreamClient client(recording(calls));
  ConnectionId id = client.connect(world.address(), world.failed());
  CHECK(id);
  CHECK(calls.empty());
  CHECK_FALSE(oklo::is_open(id));
  CHECK_FALSE(oklo::send_to(id, "too early"));
  world.settle();
  CHECK(calls == "connect ");
  CHECK(oklo::is_open(id));
  Peer peer = world.accept();
  CHECK(oklo::send_to(id, "hello"));
  world.settle();
  CHECK(peer.read() == "hello");
  peer.write("good day");
  world.settle();
  CHECK(calls == "connect sent receive(good day) ");
  CHECK(oklo::with_connection(id, [&](Connection& c) { CHECK(c.id() == id); }));
  CHECK(world.life.requests.value() == 0);
  CHECK(world.life.bytes_in.value() == 8);
  CHECK(client.close(id));
  peer.finish();
  world.settle();
  CHECK(calls.ends_with("close(finished) "));
  CHECK_FALSE(client.close(id));
  CHECK_FALSE(oklo::is_open(id));
  CHECK(world.why.empty());
}

TEST_CASE("stream/client: the state is there from the beginning, and each has its own") {
  ClientWorld world;
  StreamHandlers handlers;
  std::string seen;
  handlers.on_connect = [&](Connection& c) { seen += std::to_string(c.state<Mark>().number); };
  handlers.on_receive = [](Connection&, std::string_view) {};
  handlers.on_close = [&](Connection& c, CloseReason) { seen += c.state<Mark>().name; };
  StreamClient client(std::move(handlers));
  ConnectionId first = client.connect(world.address(), Mark{1, "one"}, world.failed());
  world.settle();
  client.connect(world.address(), Mark{2, "two"});
  world.settle();
  client.connect(world.address());
  world.settle();
  CHECK(seen == "120");
  CHECK(oklo::with_connection(first, [](Connection& c) { c.state<Mark>().name[0] = 'O'; }));
  CHECK(oklo::with_connection(first, [](Connection& c) { c.abort(); }));
  world.settle();
  CHECK(seen == "120One");
  world.end();
}

TEST_CASE("stream/client: a failure is told later, with address and reason, and only once") {
  std::string calls;
  ClientWorld world;
  StreamClient client(recording(calls));
  ConnectionId id = client.connect("unix:/nowhere", Mark{1, ""}, world.failed());
  CHECK(id);
  CHECK(world.why.empty());
  world.settle();
  CHECK(world.why == "unix:/nowhere: cannot connect to unix:/nowhere: No such file or directory ");
  CHECK(calls.empty());
  CHECK_FALSE(client.close(id));
  client.connect("nonsense");
  world.settle();
  CHECK(world.pool.empty());
}

TEST_CASE("stream/client: given up before it is there it calls nothing") {
  std::string calls;
  ClientWorld world;
  StreamClient client(recording(calls));
  ConnectionId id = client.connect(world.address(), world.failed());
  CHECK(client.close(id));
  world.settle();
  CHECK(calls.empty());
  CHECK(world.why.empty());
  CHECK(world.pool.empty());
}

TEST_CASE("stream/client: its connections are visited apart from those of the services") {
  std::string calls, others;
  ClientWorld world;
  StreamClient client(recording(calls)), other(recording(others));
  Peer served = world.connect();
  for (int i = 0; i < 3; i++) client.connect(world.address());
  other.connect(world.address());
  world.settle();
  int of_client = 0, of_all = 0;
  client.each([&](Connection& c) {
    of_client++;
    c.abort();
  });
  oklo::each_connection([&](Connection&) { of_all++; });
  oklo::each_connection(0, [](Connection&) { FAIL("the service has the number 2"); });
  CHECK(of_client == 3);
  CHECK(of_all == 1);
  world.settle();
  CHECK(others == "connect ");
  CHECK(world.pool.size() == 2);
  CHECK(world.pool.accepted() == 1);
  world.end();
}

TEST_CASE("stream/client: it begins anew in another life of the process") {
  std::string calls;
  StreamClient client(recording(calls));
  for (int i = 0; i < 2; i++) {
    ClientWorld world;
    client.connect(world.address());
    world.settle();
    world.end();
  }
  CHECK(calls == "connect close(aborted) connect close(aborted) ");
}
