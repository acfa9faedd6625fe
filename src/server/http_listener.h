#pragma once

#include <string>

#include "http/route_table.h"

#include <oklo/limits.h>

namespace oklo {

// One address and what is served there. Made before the workers are forked.
struct HttpListener {
  std::string address;
  std::unique_ptr<http::RouteTable> routes;
  HttpLimits limits;
};

}  // namespace oklo
