#pragma once

#include <sys/socket.h>

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "net/net_fixture.h"
#include "net/output_queue.h"
#include "net/peer.h"

// An OutputQueue before a socket, and the peer of that socket. `promised` is all that it was given.
struct Queue {
  oklo::BlockPool pool;
  oklo::OutputQueue output;
  oklo::sys::Fd socket;
  Peer peer{oklo::sys::Fd()};
  std::string promised;

  explicit Queue(int type = SOCK_STREAM) {
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    socket.reset(ends[0]);
    peer = Peer(oklo::sys::Fd(ends[1]));
  }
  ~Queue() { output.clear(pool); }

  void bytes(std::string_view text) {
    output.append(pool, text);
    promised += text;
  }
  void written(std::string_view text) {
    std::span<char> room = output.room(pool, text.size());
    REQUIRE(room.size() >= text.size());
    text.copy(room.data(), text.size());
    output.advance(text.size());
    promised += text;
  }
  void shared(const oklo::BytesRef& ref, std::string_view view) {
    output.append_shared(pool, ref, view);
    promised += view;
  }
  void shared(std::string_view text) {
    oklo::BytesRef ref = oklo::BytesRef::make(std::string(text));
    shared(ref, ref.view());
  }
  void file(std::string_view text, size_t offset, size_t size) {
    output.append_file(pool, file_of(text), offset, size);
    promised += text.substr(offset, size);
  }

  long send() { return output.send_to(socket.get(), pool); }

  // Sends until all is gone or an error, which is the answer, while the peer reads `step` bytes at once.
  long send_all(std::string& got, size_t step = SIZE_MAX) {
    while (!output.empty()) {
      if (long n = send(); n < 0) return n;
      got += peer.read(step);
    }
    got += peer.read();
    return 0;
  }
};
