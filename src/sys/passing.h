#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace oklo::sys {

// How many fds go with one datagram at most (SCM_RIGHTS, unix(7): the kernel takes 253).
inline constexpr size_t kPassedFdsMax = 64;

// Sends one datagram over a connected unix socket, with copies of `fds`. The bytes that it took, or a
// negative errno number.
[[nodiscard]] long send_with_fds(int fd, std::string_view head, std::string_view body,
                                 std::span<const Fd> fds);

// Receives one datagram and appends the fds that came with it to `passed`. A datagram that does not fit is
// -EMSGSIZE, and its fds are closed. Of more fds than this process may open the first ones come.
[[nodiscard]] long receive_with_fds(int fd, std::span<char> out, std::vector<Fd>& passed);

}  // namespace oklo::sys
