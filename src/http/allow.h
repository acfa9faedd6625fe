#pragma once

#include <string>

#include "http/exchange.h"
#include "http/route_table.h"

namespace oklo::http {

// The value of Allow (RFC 9110 section 10.2.1) for a path that has handlers for these methods: HEAD comes
// with GET, OPTIONS always.
std::string allow_value(RouteTable::Methods methods);

// Answers for a path that has handlers for these methods alone, or none.
void answer_without_route(Exchange& exchange, RouteTable::Methods allowed);

}  // namespace oklo::http
