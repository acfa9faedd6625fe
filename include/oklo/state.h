#pragma once

#include <cstddef>
#include <type_traits>

namespace oklo {

// How many bytes of its own a program may keep with a connection, a WebSocket or a request.
inline constexpr size_t kStateBytes = 64;

// What may stand there: plain memory, which is zeroed at first, and copied as it is.
template <class S>
concept State = sizeof(S) <= kStateBytes && alignof(S) <= 8 && std::is_trivially_copyable_v<S>;

}  // namespace oklo
