#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "sys/file.h"
#include "ws/ws_client_world.h"

namespace faults = oklo::faults;
using oklo::WebSocket;
using oklo::WebSocketClient;

TEST_CASE("fault/ws: reads and writes that are cut short change nothing") {
  for (uint64_t seed = 0; seed < 12; seed++) {
    CAPTURE(seed);
    WsClientWorld world;
    oklo::WebSocketClientHandlers handlers = world.recording();
    handlers.on_message = [](WebSocket& ws, std::string_view text) { ws.send(text); };
    WebSocketClient client(std::move(handlers));
    faults::Scope scope;
    faults::shorten(seed);
    client.connect(world.url(), world.failed());
    Peer peer = world.accept();
    peer.write(world.answer());
    Frames expected;
    for (size_t size : {0, 5, 125, 126, 5000, 20'000, 70'000}) {
      std::string text(size, static_cast<char>('a' + size % 20));
      peer.write(server_text(text.substr(0, size / 2), false) +
                 server_frame(oklo::codec::FrameOpcode::continuation, text.substr(size / 2)));
      expected.push_back("text:" + text);
    }
    CHECK(world.said(peer, expected.size()) == expected);
    CHECK(world.take_calls() == "open\n");
    peer.write(server_close(1000, "done"));
    CHECK(world.next_calls() == "close 1000 done\n");
    peer.close();
    world.wait_until([&] { return world.pool.empty(); });
  }
}

TEST_CASE("fault/ws: a connection that nobody can watch, or that takes nothing, is told once") {
  struct Row {
    const char* call;
    int nth;
    int number;
    const char* words;
  };
  // Behind the adding and removing of one that is being made.
  for (const Row& row : {Row{"epoll_ctl", 3, ENOSPC, "there is no memory for the connection"},
                         Row{"send", 1, EPIPE, "the connection was reset"},
                         Row{"recv", 1, ECONNRESET, "the connection was reset"}}) {
    CAPTURE(row.call);
    WsClientWorld world;
    WebSocketClient client(world.recording());
    faults::Scope scope;
    faults::fail(row.call, row.nth, row.number);
    client.connect(world.url(), world.failed());
    size_t open = oklo::sys::open_fds().size();
    oklo::sys::Address from;
    long fd = -1;
    world.turn_until([&] {
      fd = oklo::sys::accept_connection(world.listening.listener.get(), from);
      return fd >= 0;
    });
    Peer peer{oklo::sys::Fd(static_cast<int>(fd))};
    for (int i = 0; i < 3; i++) world.turn();
    peer.write("HTTP/1.1 101 x\r\n");
    CHECK(world.next_calls() == world.url() + " failed: no WebSocket from " +
                                    world.listening.address.to_string() + ": " + row.words + "\n");
    CHECK(faults::all_happened());
    CHECK(world.pool.empty());
    CHECK(oklo::sys::open_fds().size() <= open + 1);
  }
}
