#pragma once

#include <string_view>

#include "base/result.h"
#include "sys/fd.h"

// Datagrams to a unix socket of this machine: at a path, or under an abstract name, which is written with
// an @ in front of it (unix(7)).
namespace oklo::sys {

// A non-blocking, close-on-exec socket that has no peer yet.
Result<Fd> open_local_datagrams();

// What is sent to `fd` goes to that place from now on: also what other processes send that share the open
// socket. 0, or a negative errno number.
[[nodiscard]] long connect_local(int fd, std::string_view place);

// Whether the peer is there no more, as the last one who sent something has found out.
bool has_lost_peer(int fd);

// Sends one datagram without waiting, from a socket of its own. 0, or a negative errno number.
[[nodiscard]] long send_to_local(std::string_view place, std::string_view bytes);

}  // namespace oklo::sys
