#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "co_world.h"
#include "net/connector.h"
#include "net/listening.h"
#include "net/relay.h"
#include "server/co_root.h"
#include "server/stream_core.h"
#include "stream/stream_world.h"

#include <oklo/co_stream.h>

// A worker whose raw streams are served by coroutines, which write into `order`.
struct CoStreamWorld : StreamWorld {
  oklo::Log log{2, "test"};
  oklo::Here here{*reactor, log, 1, 1, 1};
  oklo::Relay relay{*reactor, life, {}, &pool};
  oklo::Connector connector{pool};
  std::string order;

  explicit CoStreamWorld(oklo::StreamCoroutine serve, const oklo::StreamOptions& o = {})
      : StreamWorld(oklo::co::serving_handlers(std::move(serve), o), o) {}
  ~CoStreamWorld() {
    pool.abort_all();
    turn();
  }

  // Gives a peer the bytes, and all that follows from them.
  void give(Peer& peer, std::string_view bytes) {
    CHECK(peer.write(bytes) == bytes.size());
    settle();
  }
  // The other end of what a coroutine connected to.
  static Peer accept(const Listening& listening) {
    oklo::sys::Address from;
    oklo::sys::Fd fd(static_cast<int>(oklo::sys::accept_connection(listening.listener.get(), from)));
    return Peer(std::move(fd));
  }
  // Turns until the peer has so many bytes more.
  std::string take(Peer& peer, size_t bytes) {
    std::string text;
    turn_until([&] {
      text += peer.read(bytes - text.size());
      return text.size() == bytes || peer.over();
    });
    return text;
  }
};

// Sends each line back, in brackets.
inline oklo::Co<> echo_lines(oklo::Stream peer) {
  while (auto line = co_await peer.read_line(10)) co_await peer.write("<" + std::string(*line) + ">\n");
}

// What a read gave.
inline std::string told(const std::optional<std::string_view>& read) {
  return read ? "(" + std::string(*read) + ")" : "nothing ";
}
