#pragma once

#include <optional>
#include <string_view>

#include "sys/address.h"
#include "sys/fd.h"

namespace oklo::sys {

// Sockets that begin here: non-blocking, close-on-exec. Each answers 0, or a negative errno number.

// A socket for datagrams that hears of one address and sends to it alone, from a port that the kernel picks
// at random; to a unix path from a name that it makes up, or nobody could answer (autobind, unix(7)). Nothing
// is sent yet; the kernel says whether there is a way to that address.
[[nodiscard]] long connect_packets(const Address& to, Fd& out);

// Begins to connect a stream. It is writable when the outcome is there.
[[nodiscard]] long begin_connect(const Address& to, Fd& out);
[[nodiscard]] long connect_outcome(int fd);

// Whether the kernel knows a way to that address. It sends nothing, and can't know who is there.
bool has_way_to(const Address& to);

// The address that a text is, without brackets: "127.0.0.1", "::1".
std::optional<Address> numeric_address(std::string_view text, uint16_t port);

}  // namespace oklo::sys
