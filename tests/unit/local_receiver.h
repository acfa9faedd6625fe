#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "sys/fd.h"

// A datagram socket of somebody else: at a path, or under an abstract name, which begins with @.
class LocalReceiver {
 public:
  explicit LocalReceiver(const std::string& place)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    place.copy(address.sun_path, sizeof address.sun_path - 1);
    bool abstract = place[0] == '@';
    size_t length = offsetof(sockaddr_un, sun_path) + place.size() + (abstract ? 0 : 1);
    if (abstract) address.sun_path[0] = '\0';
    else unlink(place.c_str());
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length)) != 0) abort();
  }
  // What came next; empty: nothing has.
  std::string heard() {
    char bytes[4096];
    ssize_t size = recv(fd_.get(), bytes, sizeof bytes, 0);
    return size < 0 ? "" : std::string(bytes, static_cast<size_t>(size));
  }

 private:
  oklo::sys::Fd fd_;
};
