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

}  // namespace oklo::http
