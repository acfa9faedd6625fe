#pragma once

#include <doctest/doctest.h>

#include <errno.h>

#include <string>
#include <utility>
#include <vector>

#include "net/connector.h"
#include "net/listening.h"
#include "net/net_fixture.h"

namespace sys = oklo::sys;

// A pool whose clients connect.
struct Connecting : Net {
  oklo::Connector connector{pool};
  std::string outcomes;  // "up" or the sentence, each with a space behind it
  int erased = 0;

  explicit Connecting(uint32_t connections_max = 1000) : Net(connections_max) {
    endpoint.kind = oklo::ConnectionKind::stream_client;
    pool.on_erase([this] { erased++; });
  }
  ~Connecting() { pool.on_erase({}); }

  oklo::ConnectionId connect(std::string_view address, uint32_t timeout_ms = 60'000) {
    return connector.connect(address, timeout_ms, {},
                             [this](oklo::ConnectionId id, oklo::Result<oklo::Connector::Connected> outcome) {
                               if (!outcome) {
                                 outcomes += outcome.error().text + " ";
                                 return;
                               }
                               outcomes += "up ";
                               pool.open_client(id, endpoint, std::move(outcome->socket), outcome->peer);
                             });
  }
  std::string outcome() {
    wait_until([this] { return !outcomes.empty(); });
    return std::exchange(outcomes, {});
  }
};

// The text of an address at which nobody listens.
inline std::string deserted() {
  Listening gone("127.0.0.1:0");
  return gone.address.to_string();
}

// Fills the queue of a listener: TCP drops what comes then, a unix socket says EAGAIN.
struct FullListener {
  TempDir temp;
  sys::Address address;
  sys::Fd listener;
  std::vector<sys::Fd> fillers;

  explicit FullListener(const std::string& text)
      : address(*sys::Address::parse(text.empty() ? "unix:" + (temp / "socket") : text)) {
    sys::ListenOptions options;
    options.backlog = 0;
    listener = sys::listen_on(address, options).value();
    address = *sys::local_address(listener.get());
    for (int i = 0; i < (address.is_unix() ? 1 : 2); i++) {
      fillers.emplace_back();
      long begun = sys::begin_connect(address, {}, fillers.back());
      REQUIRE((begun == 0 || begun == -EINPROGRESS));
    }
  }
};
