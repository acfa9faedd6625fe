#include "models/client.h"

#include <errno.h>

#include "sys/socket.h"

namespace oklo::models {

namespace {

constexpr size_t kReadBytes = 4096;

// What the socket answered: 0 is the end of what the client sends.
long read_once(int fd, Conversation& talk) {
  char bytes[kReadBytes];
  long size = sys::receive(fd, bytes, sizeof bytes);
  if (size > 0) talk.received({bytes, static_cast<size_t>(size)});
  return size;
}

// The kernel may take a part of the bytes. A client that is gone is an errno number, since send_bytes asks
// for no SIGPIPE. 0 when all is sent.
long send_all(int fd, Conversation& talk) {
  while (!talk.unsent().empty()) {
    long size = sys::send_bytes(fd, talk.unsent().data(), talk.unsent().size());
    if (size < 0 && size != -EINTR) return size;
    if (size > 0) talk.sent(static_cast<size_t>(size));
  }
  return 0;
}

// To close a socket on which something waits to be read sends RST, and the client may lose what it has not
// read yet: the very answer that tells it what was wrong (RFC 9112 section 9.6). So the end is said first,
// and what has come is read.
void take_leave(int fd) {
  sys::shutdown_write(fd);
  sys::discard_received(fd);
}

}  // namespace

void converse(int fd, uint64_t worker) {
  Conversation talk(worker);
  while (!talk.is_over()) {
    long size = read_once(fd, talk);
    if (size == -EINTR) continue;
    if (size <= 0) return;
    talk.answer();
    if (send_all(fd, talk) < 0) return;
  }
  take_leave(fd);
}

Next read_some(int fd, Conversation& talk) {
  long size = read_once(fd, talk);
  if (size == -EAGAIN) return Next::reading;
  return size > 0 || size == -EINTR ? Next::more : Next::nothing;
}

Next send_some(int fd, Conversation& talk) {
  long failed = send_all(fd, talk);
  if (failed == -EAGAIN) return Next::writing;
  if (failed < 0) return Next::nothing;
  if (!talk.is_over()) return Next::more;
  take_leave(fd);
  return Next::nothing;
}

Next go_on(int fd, Conversation& talk) {
  if (talk.unsent().empty()) {
    if (Next next = read_some(fd, talk); next != Next::more) return next;
    talk.answer();
  }
  return send_some(fd, talk);
}

}  // namespace oklo::models
