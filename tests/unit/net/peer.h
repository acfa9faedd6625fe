#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sys/fd.h"

// The other side of a connection, in the hands of the test. It never waits, and makes its system calls
// itself, so that the faults of a test do not meet it.
class Peer {
 public:
  explicit Peer(oklo::sys::Fd fd) : fd_(std::move(fd)) { fcntl(fd_.get(), F_SETFL, O_NONBLOCK); }

  // How many of the bytes the socket took.
  size_t write(std::string_view bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
      ssize_t n = ::send(fd_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (n < 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  // What is there now, at most `limit` bytes.
  std::string read(size_t limit = SIZE_MAX) {
    std::string text;
    char room[4096];
    while (text.size() < limit && !ended_ && !error_) {
      ssize_t n = ::recv(fd_.get(), room, std::min(limit - text.size(), sizeof room), 0);
      if (n > 0) text.append(room, static_cast<size_t>(n));
      else if (n == 0) ended_ = true;
      else if (errno == EAGAIN) break;
      else error_ = errno;
    }
    return text;
  }

  // The next message of a SOCK_SEQPACKET pair; empty when there is none.
  std::string read_message() {
    std::string text(1 << 16, '\0');
    ssize_t n = ::recv(fd_.get(), text.data(), text.size(), 0);
    text.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return text;
  }

  // One read has met the end of the stream, or an errno number other than EAGAIN.
  bool ended() const { return ended_; }
  int error() const { return error_; }
  bool over() const { return ended_ || error_; }

  void finish() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }
  // Of TCP: closes with RST.
  void reset() {
    linger at_once = {1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_.reset();
  }
  int fd() const { return fd_.get(); }

 private:
  oklo::sys::Fd fd_;
  bool ended_ = false;
  int error_ = 0;
};
