#include <doctest/doctest.h>

#include <errno.h>

#include <string>
#include <vector>

#include "faulty_kernel.h"
#include "net/net_fixture.h"
#include "sys/file.h"

namespace faults = oklo::faults;
namespace sys = oklo::sys;
using oklo::BytesRef;
using oklo::CloseReason;
using oklo::net::Connection;
using Linger = Connection::Linger;

namespace {

struct Fault {
  const char* call;
  std::vector<int> numbers;
};

const Fault kFaults[] = {
    {"recv", {ECONNRESET, ETIMEDOUT, ENOMEM, EHOSTUNREACH, EAGAIN, EINTR}},
    {"send", {EPIPE, ECONNRESET, ENOBUFS, ENOMEM, EAGAIN, EINTR}},
    {"sendmsg", {EPIPE, ECONNRESET, ENOBUFS, ENOMEM, EAGAIN, EINTR}},
    {"sendfile", {EPIPE, EIO, ENOMEM, EAGAIN, EINTR}},
    {"epoll_ctl", {ENOMEM, ENOSPC}},
    {"shutdown", {ENOTCONN, ENOBUFS}},
};

const std::string kText = numbered(70'000);

// What is sent for each "ask".
std::string answer() { return "head " + kText + " middle " + kText.substr(1'000, 50'000); }

void send_answer(Connection& connection) {
  static const BytesRef bytes = BytesRef::make(kText);
  connection.send("head ");
  connection.send_shared(bytes, bytes.view());
  connection.send(" middle ");
  connection.send_file(file_of(kText), 1'000, 50'000);
}

// Answers "ask" with all kinds of bytes, "short" with few, "bye" with the end.
void serve(Net& net) {
  net.protocol.when_data = [](Connection& connection) {
    std::string input(connection.input().data(), connection.input().size());
    for (size_t at; (at = input.find('\n')) != std::string::npos; input.erase(0, at + 1)) {
      connection.consume(at + 1);
      if (input.starts_with("ask")) send_answer(connection);
      if (input.starts_with("short")) connection.send("a short answer");
      if (input.starts_with("bye")) return connection.close(CloseReason::finished, Linger::yes);
    }
  };
  net.protocol.when_end = [](Connection& connection) {
    connection.close(CloseReason::peer_closed, Linger::no);
  };
}

// Asks and reads until all of the answer is there, or the connection is over.
void ask(Net& net, Peer& peer, std::string_view question, const std::string& wanted) {
  std::string got;
  peer.write(question);
  net.turn_until([&] {
    got += peer.read();
    return got.size() >= wanted.size() || peer.over();
  });
  CHECK(wanted.starts_with(got));
}

// One connection from its begin to its end; whether it was served until then.
bool converse(Net& net, bool says_bye) {
  Peer peer = net.open(true);
  size_t open = net.protocol.live.size();
  ask(net, peer, "short\n", "a short answer");
  ask(net, peer, "ask\nshort\n", answer() + "a short answer");
  bool served = !peer.over();
  if (says_bye) {
    peer.write("bye\n");
    for (int i = 0; i < 10; i++) net.turn();
    peer.read();
  }
  peer.finish();
  net.turn_until([&] { return net.protocol.live.size() < open; });
  return served;
}

// Lets the k-th call fail in a conversation, while another connection is there; whether it came to that.
bool fails_at(const Fault& fault, int k, int number, bool says_bye) {
  Net net;
  serve(net);
  Peer other = net.open();
  net.turn();
  faults::Scope scope;
  faults::fail(fault.call, k, number);
  bool served = converse(net, says_bye);
  bool happened = faults::all_happened();
  faults::clear();
  std::string reason = says_bye ? "finished " : "peer_closed ";
  if (!happened || number == EAGAIN || number == EINTR) CHECK((served && net.protocol.reasons == reason));
  if (!served) CHECK((net.protocol.reasons == "peer_reset " || net.protocol.reasons == "no_memory "));
  ask(net, other, "ask\n", answer());
  CHECK(!other.over());
  CHECK(net.pool.size() == 1);
  CHECK(converse(net, says_bye));
  return happened;
}

}  // namespace

TEST_CASE("fault/net: whichever call of a connection fails, nothing leaks and the others go on") {
  for (bool says_bye : {false, true})
    for (const Fault& fault : kFaults)
      for (int number : fault.numbers) {
        CAPTURE(says_bye);
        CAPTURE(fault.call);
        CAPTURE(number);
        size_t fds = sys::open_fds().size();
        int k = 1;
        while (fails_at(fault, k, number, says_bye)) {
          k++;
          CAPTURE(k);
          CHECK(sys::open_fds().size() == fds);
        }
        bool is_called = says_bye || fault.call != std::string_view("shutdown");
        CHECK((k > 1) == is_called);
      }
}

TEST_CASE("fault/net: conversations arrive whole through short reads and writes, EAGAIN and EINTR") {
  for (uint64_t seed = 0; seed < 30; seed++) {
    CAPTURE(seed);
    faults::Scope scope;
    Net net;
    serve(net);
    Peer first = net.open(), second = net.open_tcp();
    faults::shorten(seed);
    std::string got_first, got_second, wanted;
    for (int i = 0; i < 3; i++) wanted += answer() + "a short answer";
    first.write("ask\nshort\nask\nshort\nask\nsh");
    second.write("as");
    for (int i = 0; i < 20; i++) net.turn();
    first.write("ort\nbye\n");
    second.write("k\nshort\nask\nshort\nask\nshort\nbye\n");
    net.turn_until([&] {
      got_first += first.read(20'000);
      got_second += second.read(3'000);
      return first.over() && second.over();
    });
    CHECK(got_first == wanted);
    CHECK(got_second == wanted);
    first.close();
    second.close();
    net.turn_until([&] { return net.protocol.live.empty(); });
    CHECK(net.protocol.reasons == "finished finished ");
  }
}

TEST_CASE("fault/net: one turn sends once, however often something was given") {
  Net net;
  net.protocol.when_data = [&](Connection& connection) {
    net.protocol.take(connection);
    BytesRef bytes = BytesRef::make("shared");
    for (int i = 0; i < 3; i++) {
      connection.send("bytes");
      connection.send_shared(bytes, bytes.view());
      connection.room(5)[0] = '!';
      connection.advance(1);
    }
  };
  Peer peer = net.open();
  net.turn();
  peer.write("ask");
  faults::Scope scope;
  net.turn();
  CHECK(faults::count("send") + faults::count("sendmsg") == 1);
  CHECK(faults::count("recv") == 1);
  CHECK(faults::count("epoll_ctl") == 0);
  CHECK(peer.read() == "bytesshared!bytesshared!bytesshared!");
}

TEST_CASE("fault/net: a connection that ends at once is never watched") {
  Net net;
  net.protocol.when_data = [](Connection& connection) {
    connection.send("answer");
    connection.close(CloseReason::finished, Linger::no);
  };
  faults::Scope scope;
  Peer peer = net.open(true, "ask");
  net.turn();
  CHECK(peer.read() == "answer");
  CHECK(faults::count("epoll_ctl") == 0);
  CHECK(net.protocol.live.empty());
}

TEST_CASE("fault/net: a peer that is not there when a connection opens") {
  Net net;
  faults::Scope scope;
  faults::fail("recv", 1, ECONNRESET);
  Peer peer = net.open(true, "ask");
  net.turn();
  CHECK(net.protocol.calls == "open close(peer_reset) ");
}

TEST_CASE("fault/net: a connection that can't be watched is told its reason, and its peer the end") {
  Net net;
  faults::Scope scope;
  faults::fail("epoll_ctl", 1, ENOMEM);
  Peer peer = net.open();
  net.turn();
  CHECK(net.protocol.calls == "open close(no_memory) ");
  CHECK(net.closed(CloseReason::no_memory) == 1);
  peer.read();
  CHECK(peer.over());
}

TEST_CASE("fault/net: a connection that ends lives with a read that has nothing") {
  Net net;
  Peer closing = net.open();
  net.turn();
  net.connection().send(numbered(1 << 20));
  net.turn();
  REQUIRE(net.connection().queued() > 0);
  net.connection().close(CloseReason::finished, Linger::yes);
  Peer lingers = net.open();
  net.connection().close(CloseReason::finished, Linger::yes);
  net.turn();
  faults::Scope scope;
  faults::fail("recv", 1, EAGAIN);
  faults::fail("recv", 2, EAGAIN);
  closing.write("late");
  lingers.write("late");
  for (int i = 0; i < 3; i++) net.turn();
  CHECK(faults::all_happened());
  CHECK(net.protocol.live.size() == 2);
  CHECK(lingers.write("later") == 5);
  lingers.finish();
  closing.finish();
  CHECK(net.read_all(closing).size() == 1 << 20);
  net.turn();
  CHECK(net.protocol.reasons == "finished finished ");
}
