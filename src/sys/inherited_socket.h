#pragma once

#include "base/result.h"
#include "sys/address.h"
#include "sys/fd.h"
#include "sys/socket.h"

namespace oklo::sys {

// A socket that this process was started with: a service manager has made it, bound and, but for datagrams,
// listens on it.
struct InheritedSocket {
  Address address;
  bool datagram = false;
};

// Looks at the open file of that number, which is non-blocking and close-on-exec from now on. The error says
// why nothing can be taken in from it.
Result<InheritedSocket> inherit_socket(int number);

// What accepted connections take over from such a socket, or datagrams are told with; as far as the kernel
// lets it.
void set_inherited_options(int fd, const InheritedSocket& socket, const ListenOptions& options);

}  // namespace oklo::sys
