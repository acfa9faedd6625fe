#pragma once

#include <cstdint>

namespace oklo::sys {

// What steers connections between the listening sockets of one address (socket(7)); each answers 0, or a
// negative errno number where the kernel does not know it. No connection that has begun is lost by it.

// Of the sockets that share the address of this one (SO_REUSEPORT), only the first `count` that came to it
// are given new connections, each as many (SO_ATTACH_REUSEPORT_CBPF).
[[nodiscard]] long steer_to_first(int fd, uint32_t count);
// All of them are, as the kernel chooses (SO_DETACH_REUSEPORT_BPF).
[[nodiscard]] long steer_to_all(int fd);

// A listening socket is as if it were not there to whoever connects, but those whose handshake has begun come
// in (SO_ATTACH_FILTER); and back.
[[nodiscard]] long hold_back_connections(int fd);
[[nodiscard]] long let_connections_come(int fd);

// A listening socket does not listen any more, in no process that has it (shutdown(2)); its address is free.
void stop_listening(int fd);

}  // namespace oklo::sys
