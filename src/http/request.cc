#include <oklo/request.h>

#include <cstring>
#include <utility>

#include "http/exchange.h"
#include "http/field_lines.h"
#include "sys/address.h"

namespace oklo {

std::string_view Request::method() const { return codec::method_name(exchange_.head.method); }
std::string_view Request::path() const { return exchange_.head.path(); }
std::string_view Request::query() const { return exchange_.head.query(); }
std::string_view Request::target() const { return exchange_.head.target(); }
std::string_view Request::host() const { return exchange_.head.host(); }
int Request::minor_version() const { return exchange_.head.minor_version; }

std::string_view Request::header(std::string_view name) const { return exchange_.head.find(name); }
bool Request::has_header(std::string_view name) const { return exchange_.head.find(name).data() != nullptr; }

void Request::headers(const Function<void(std::string_view, std::string_view)>& visit) const {
  for (const codec::Field& field : exchange_.head.all())
    visit(exchange_.head.name(field), exchange_.head.value(field));
}

std::string_view Request::param(std::string_view name) const {
  for (size_t i = 0; i < exchange_.param_count; i++)
    if (exchange_.params[i].name == name) return exchange_.params[i].value;
  return {};
}

std::string_view Request::body() const { return exchange_.body; }

std::string_view Request::trailer(std::string_view name) const {
  return http::find_field_line(exchange_.trailers, name);
}

std::string Request::peer() const {
  return exchange_.peer_ip ? sys::Address::from_ip(exchange_.peer_ip, 0).host() : "unix";
}

void* Request::state_memory() const {
  if (!std::exchange(exchange_.state_in_use, true)) std::memset(exchange_.state, 0, sizeof exchange_.state);
  return exchange_.state;
}

}  // namespace oklo
