#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/peer.h"
#include "sys/socket.h"
#include "temp_dir.h"

// A listener, and those who connect to it. A connection to a unix socket waits in the queue of the listener
// when connect returns.
struct Listening {
  TempDir temp;
  oklo::sys::Address address;
  oklo::sys::Fd listener;

  explicit Listening(const char* text = nullptr)
      : address(*oklo::sys::Address::parse(text ? text : "unix:" + (temp / "socket"))),
        listener(oklo::sys::listen_on(address, {}).value()) {
    address = *oklo::sys::local_address(listener.get());
  }

  Peer connect() const {
    oklo::sys::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(fd.get(), address.data(), address.size()) == 0);
    return Peer(std::move(fd));
  }
  std::vector<Peer> connect_many(size_t count) const {
    std::vector<Peer> peers;
    for (size_t i = 0; i < count; i++) peers.push_back(connect());
    return peers;
  }
};
