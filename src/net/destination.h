#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/address.h"

namespace oklo {

// Where a client wants to go.
struct Destination {
  sys::Address address = {};  // where `host` is empty
  std::string host = {};      // a name that is to be looked up
  uint16_t port = 0;          // that goes with it
};

// From what a person writes: "127.0.0.1:80", "[::1]:80", "example.org:80", "unix:/path". Whether a name can
// be one is for the resolver to say. The error tells what is wrong with the text.
Result<Destination> parse_destination(std::string_view text);

}  // namespace oklo
