#include "http/allow.h"

namespace oklo::http {

std::string allow_value(RouteTable::Methods methods) {
  using codec::Method;
  methods |= RouteTable::bit(Method::options);
  if (methods & RouteTable::bit(Method::get)) methods |= RouteTable::bit(Method::head);
  std::string value;
  for (unsigned i = 0; methods >> i; i++) {
    if (!(methods >> i & 1)) continue;
    if (!value.empty()) value += ", ";
    value += codec::method_name(static_cast<Method>(i));
  }
  return value;
}

// RFC 9110 sections 9.3.7 (OPTIONS, also for "*"), 15.5.6 (405 with Allow), 15.5.5 (404).
void answer_without_route(Exchange& exchange, RouteTable::Methods allowed) {
  bool star = exchange.head.path() == "*";
  if (!allowed && !star) return exchange.fail(404);
  exchange.add_field("Allow", allow_value(star ? RouteTable::kAll : allowed));
  if (exchange.head.method != codec::Method::options) return exchange.fail(405);
  exchange.status = 204;
  exchange.send_empty();
}

}  // namespace oklo::http
