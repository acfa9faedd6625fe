#pragma once

#include <cstdint>

namespace oklo {

// How a worker leaves.
enum class DrainMode : uint32_t {
  reload,    // an idle connection may send one more request; its answer says that it is the last
  stop,      // an idle connection is closed at once
  farewell,  // after `reload`, to one connection after another: a WebSocket is told to come again
};

}  // namespace oklo
