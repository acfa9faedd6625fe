#include "net/posted_connection.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "net/net_fixture.h"
#include "net/posted_fixture.h"
#include "net/recording_protocol.h"

using oklo::Block;
using oklo::BytesRef;
using oklo::CloseReason;
using oklo::net::Connection;
using oklo::net::PostedConnection;
using End = oklo::net::Carrier::End;
using Linger = Connection::Linger;

namespace {

// One of them, and a Protocol that tells what it hears.
struct Posted : PostedNet {
  RecordingProtocol protocol;
  oklo::Endpoint endpoint = pool.make_endpoint(protocol);
  PostedConnection& connection = open(endpoint);

  ~Posted() {
    protocol.when_close = nullptr;
    pool.abort_all();
    turn();
  }
  void feed(std::string_view bytes) {
    CHECK(connection.feed(bytes));
    turn();
  }
  std::string heard() {
    turn();
    return std::exchange(protocol.calls, {});
  }
};

}  // namespace

TEST_CASE("net/posted_connection: what is fed is heard, and taken when it is consumed") {
  Posted posted;
  CHECK(posted.heard() == "open ");
  CHECK(posted.calls().empty());
  posted.feed("one");
  CHECK(posted.heard() == "data ");
  CHECK(posted.protocol.received == "one");
  CHECK(posted.calls() == "settled took ");
  CHECK(posted.carrier.taken == 3);
  CHECK(posted.connection.feed(""));
  CHECK(posted.heard().empty());
  posted.connection.end_of_input();
  CHECK(posted.connection.peer_finished());
  CHECK(posted.heard() == "end ");
  CHECK(posted.calls() == "settled ");
}

TEST_CASE("net/posted_connection: a block is all that may be there") {
  Posted posted;
  posted.protocol.when_data = [](Connection&) {};
  std::string text = numbered(Block::kBytes);
  posted.feed(text.substr(0, 6000));
  CHECK_FALSE(posted.connection.feed(text.substr(6000) + "x"));
  posted.feed(text.substr(6000));
  CHECK_FALSE(posted.connection.feed("x"));
  CHECK(posted.connection.whole_input() == text);
  posted.connection.consume(100);
  CHECK_FALSE(posted.connection.feed("x"));  // The other side can't know yet.
  posted.connection.send("x");
  posted.turn();
  CHECK(posted.carrier.taken == 100);
  CHECK_FALSE(posted.connection.feed(std::string(101, 'y')));
  posted.feed(std::string(100, 'y'));
  CHECK(posted.connection.whole_input() == text.substr(100) + std::string(100, 'y'));
  Block* front = posted.connection.split_input(6000);
  posted.connection.release(front);
  posted.connection.send("x");
  posted.turn();
  CHECK(posted.carrier.taken == 6100);
  posted.feed(std::string(6000, 'z'));
}

TEST_CASE("net/posted_connection: nothing is heard while reading is paused") {
  Posted posted;
  posted.heard();
  posted.connection.pause_reading();
  posted.feed("one ");
  posted.feed("two ");
  posted.connection.end_of_input();
  CHECK(posted.heard().empty());
  CHECK_FALSE(posted.connection.peer_finished());
  posted.connection.resume_reading();
  CHECK(posted.heard() == "data end ");
  CHECK(posted.protocol.received == "one two ");
  CHECK(posted.carrier.taken == 8);
}

TEST_CASE("net/posted_connection: what was sent in a turn is handed on at its end, in order") {
  Posted posted;
  std::string text = numbered(50'000);
  CHECK(posted.connection.send("one "));
  BytesRef shared = BytesRef::make("two ");
  posted.connection.send_shared(shared, shared.view());
  CHECK(posted.connection.send("three "));
  posted.connection.send_file(file_of("....four ...."), 4, 5);
  posted.connection.send_file(file_of("five "), 0, 5);
  CHECK(posted.connection.send(text));
  posted.connection.room(100);
  posted.connection.advance(0);
  CHECK(posted.carrier.calls.empty());
  posted.turn();
  CHECK(posted.carrier.calls.starts_with("send send send file file send "));
  CHECK(posted.carrier.sent == "one two three four five " + text);
  CHECK(posted.carrier.last == posted.connection.id());
}

TEST_CASE("net/posted_connection: what is not confirmed waits") {
  Posted posted;
  posted.heard();
  CHECK(posted.connection.send("12345"));
  posted.connection.send_file(file_of("file"), 0, 4);
  CHECK(posted.connection.send("678"));
  CHECK(posted.connection.queued() == 8);
  posted.turn();
  CHECK(posted.connection.queued() == 8);
  CHECK(posted.heard().empty());
  CHECK_FALSE(posted.connection.confirm(13));
  CHECK(posted.connection.confirm(0));
  posted.confirm(3);
  CHECK(posted.connection.queued() == 5);
  posted.confirm(5);  // two in memory, and three of the file
  CHECK(posted.connection.queued() == 3);
  CHECK(posted.heard().empty());  // The recorder does not hear what is sent in parts.
  CHECK(posted.connection.send("9"));
  CHECK(posted.connection.queued() == 4);
  posted.confirm(4);
  CHECK(posted.connection.queued() == 1);
  CHECK(posted.heard().empty());
  CHECK_FALSE(posted.connection.confirm(2));
  posted.confirm(1);
  CHECK(posted.heard() == "drained ");
  CHECK(posted.connection.queued() == 0);
  CHECK_FALSE(posted.connection.confirm(1));
  CHECK(posted.carrier.sent == "12345file6789");
}

TEST_CASE("net/posted_connection: what is sent while the rest is confirmed is not drained") {
  Posted posted;
  posted.heard();
  CHECK(posted.connection.send("a"));
  posted.turn();
  CHECK(posted.connection.send("b"));
  posted.confirm(1);
  CHECK(posted.heard().empty());
  posted.confirm(1);
  CHECK(posted.heard() == "drained ");
}

TEST_CASE("net/posted_connection: a deadline counts when nothing waits to be sent") {
  Posted posted;
  posted.heard();
  auto soon = [&] { return posted.reactor->clock().now_ms + 5; };
  posted.connection.set_deadline(soon());
  posted.wait_until([&] { return !posted.protocol.calls.empty(); });
  CHECK(posted.heard() == "deadline ");
  CHECK(posted.calls() == "settled ");
  posted.connection.set_deadline(soon());
  CHECK(posted.connection.send("x"));
  posted.turn();
  struct Alarm final : oklo::Timer {
    void on_timer() override { rang = true; }
    bool rang = false;
  } alarm;
  posted.reactor->timers().arm(alarm, posted.reactor->clock().now_ms + 30);
  posted.wait_until([&] { return alarm.rang; });
  CHECK(posted.heard().empty());
  posted.protocol.when_drained = [&](Connection& connection) { connection.set_deadline(soon()); };
  posted.confirm();
  posted.protocol.calls.clear();
  posted.wait_until([&] { return !posted.protocol.calls.empty(); });
  CHECK(posted.heard() == "deadline ");
}

TEST_CASE("net/posted_connection: closed it takes along what was sent before, and is gone") {
  for (Linger linger : {Linger::no, Linger::yes}) {
    Posted posted;
    posted.heard();
    CHECK(posted.connection.send("bye"));
    posted.connection.close(CloseReason::protocol_error, linger);
    CHECK_FALSE(posted.connection.send("more"));
    CHECK(posted.connection.feed("more"));
    posted.connection.end_of_input();
    CHECK(posted.carrier.calls.empty());
    CHECK(posted.calls() == "send closed ");
    CHECK(posted.carrier.sent == "bye");
    CHECK(posted.carrier.reason == CloseReason::protocol_error);
    CHECK(posted.carrier.end == (linger == Linger::yes ? End::linger : End::close));
    CHECK(posted.heard() == "close(protocol_error) ");
    CHECK(posted.pool.empty());
  }
}

TEST_CASE("net/posted_connection: aborted it takes nothing along") {
  Posted posted;
  CHECK(posted.connection.send("lost"));
  posted.connection.abort(CloseReason::handler_failed);
  CHECK(posted.connection.over());
  CHECK(posted.calls() == "closed ");
  CHECK(posted.carrier.end == End::abort);
  CHECK(posted.carrier.reason == CloseReason::handler_failed);
  CHECK(posted.pool.empty());
}

TEST_CASE("net/posted_connection: a queue that is full ends it") {
  Posted posted;
  posted.endpoint.queue_bytes_max = 10;
  CHECK(posted.connection.send("12345"));
  posted.turn();
  CHECK(posted.connection.send("67890"));
  CHECK_FALSE(posted.connection.send("1"));
  CHECK(posted.calls() == "send settled closed ");
  CHECK(posted.carrier.reason == CloseReason::queue_full);
  CHECK(posted.carrier.sent == "12345");
}

TEST_CASE("net/posted_connection: let go it says nothing") {
  Posted posted;
  posted.heard();
  CHECK(posted.connection.send("x"));
  posted.turn();
  posted.calls();
  posted.connection.let_go(CloseReason::peer_reset);
  CHECK(posted.connection.over());
  CHECK(posted.calls().empty());
  CHECK(posted.heard() == "close(peer_reset) ");
  CHECK(posted.pool.empty());
}

TEST_CASE("net/posted_connection: it may be let go when it has settled") {
  Posted posted;
  posted.protocol.when_data = [&](Connection& connection) {
    posted.protocol.take(connection);
    connection.send("answer");
  };
  posted.carrier.when_settled = [](PostedConnection& connection) {
    connection.let_go(CloseReason::finished);
  };
  posted.feed("request");
  CHECK(posted.calls() == "send settled ");
  CHECK(posted.carrier.sent == "answer");
  CHECK(posted.pool.empty());
}

TEST_CASE("net/posted_connection: each call of its protocol may end it") {
  auto abort = [](Connection& connection) { connection.abort(CloseReason::aborted); };
  auto close = [](Connection& connection) { connection.close(CloseReason::finished, Linger::no); };
  for (bool aborts : {true, false}) {
    Posted data, end, drained, paused;
    for (Posted* posted : {&data, &end, &drained, &paused}) {
      RecordingProtocol& protocol = posted->protocol;
      protocol.when_data = protocol.when_end = protocol.when_drained = aborts ? +abort : +close;
    }
    data.feed("x");
    end.connection.end_of_input();
    CHECK(drained.connection.send("x"));
    drained.turn();
    drained.confirm();
    paused.connection.pause_reading();
    paused.feed("x");
    paused.connection.end_of_input();
    paused.connection.resume_reading();
    for (Posted* posted : {&data, &end, &drained, &paused}) {
      posted->turn();
      CHECK(posted->carrier.is_closed);
      CHECK(posted->pool.empty());
    }
    std::string reason = aborts ? "aborted" : "finished";
    CHECK(paused.protocol.calls == "open data close(" + reason + ") ");
  }
}

TEST_CASE("net/posted_connection: what it has is its own, and the row another's") {
  Posted posted;
  oklo::ConnectionId id = posted.connection.id();
  const oklo::ConnectionRow& row = posted.table.row(id.row);
  CHECK(&posted.connection.row() != &row);
  CHECK(posted.connection.row().peer_ip[15] == 9);
  CHECK(posted.connection.row().peer_port == 5000);
  posted.connection.row().requests = 100;
  posted.feed("x");
  CHECK(posted.connection.send("x"));
  posted.turn();
  CHECK(row.requests == 1);
  CHECK(row.slot == 77);
  CHECK(row.owner.load() == 7);
  CHECK(row.bytes_in + row.bytes_out == 0);
  CHECK(posted.life.bytes_in.value() + posted.life.bytes_out.value() == 0);
  CHECK(posted.connection.local_address().to_string() == oklo::sys::Address().to_string());
}
