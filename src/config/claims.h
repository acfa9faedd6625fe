#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/faults.h"

namespace oklo::config {

// Something that must be there in the host, and where the configuration names it.
struct Claim {
  enum class Kind : uint8_t {
    directory,
    file,  // or a socket, for which there must be a directory
    user,
    group,
    syslog,  // the socket of its daemon
  };
  Kind kind = Kind::directory;
  std::string value;
  Place place;
  std::string root = {};  // in which the directory is; empty: that of this process
};

// Whether it is there; the Error says what is missing.
Result<void> look_for(const Claim& claim);

}  // namespace oklo::config
