#pragma once

#include <cstddef>
#include <string_view>

namespace oklo::sys {

// Writes to an fd that others share (a terminal, a pipe) and that must stay blocking: only as much as
// poll(2) says it takes now. The number of bytes written, 0 when it would have had to wait, or a
// negative errno number. A pipe takes a write of at most PIPE_BUF whole (pipe(7)).
[[nodiscard]] long write_without_waiting(int fd, std::string_view bytes);

// What fd 2 is from now on, as `fd` is. Negative: an errno number.
[[nodiscard]] long replace_stderr(int fd);

// Writes all to fd 1 or 2, waiting when it must: for commands, not for servers. False when the fd did not
// take all, as a full disk or a closed one.
bool print(int fd, std::string_view bytes);

}  // namespace oklo::sys
