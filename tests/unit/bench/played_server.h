#pragma once

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>

#include "sys/socket.h"
#include "sys/thread.h"

// A server in a thread of its own that plays its part on one connection after another, and closes each then.
class PlayedServer {
 public:
  using Play = std::function<void(int fd)>;

  explicit PlayedServer(Play play)
      : listener_(oklo::sys::listen_on(*oklo::sys::Address::parse("127.0.0.1:0"), {}).value()),
        play_(std::move(play)),
        thread_(oklo::sys::Thread::start("server", [this] { run(); }).value()) {}
  ~PlayedServer() { shutdown(listener_.get(), SHUT_RDWR); }

  oklo::sys::Address address() const { return *oklo::sys::local_address(listener_.get()); }

  // Reads until there is an empty line; false: the client has ended.
  static bool read_head(int fd) {
    std::string head;
    for (char byte; !head.ends_with("\r\n\r\n"); head += byte)
      if (recv(fd, &byte, 1, 0) != 1) return false;
    return true;
  }
  static void write(int fd, std::string_view bytes) {
    (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);  // the client may have gone
  }
  static void read_to_end(int fd) {
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {}
  }

 private:
  // The listener does not block.
  void run() {
    for (;;) {
      if (oklo::sys::Fd fd(accept(listener_.get(), nullptr, nullptr)); fd) play_(fd.get());
      else if (errno != EAGAIN) return;
      pollfd waiting = {listener_.get(), POLLIN, 0};
      poll(&waiting, 1, -1);
    }
  }

  oklo::sys::Fd listener_;
  Play play_;
  oklo::sys::Thread thread_;
};
