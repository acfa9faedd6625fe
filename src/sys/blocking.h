#pragma once

namespace oklo::sys {

// Sockets whose calls wait: for programs with a process or a thread for each client.

// What is done with the socket waits from now on (O_NONBLOCK off, fcntl(2)). 0, or a negative errno number.
[[nodiscard]] long make_blocking(int fd);

// Waits until there is a connection: its number, of a blocking, close-on-exec socket, or a negative errno
// number. Signals do not end it.
[[nodiscard]] long accept_and_wait(int listener);

}  // namespace oklo::sys
