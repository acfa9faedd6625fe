#include <oklo/request.h>

#include <cstring>
#include <utility>

#include "codec/cookie.h"
#include "codec/form.h"
#include "codec/parameters.h"
#include "http/body_fields.h"
#include "http/exchange.h"
#include "http/field_lines.h"
#include "sys/address.h"

namespace oklo {

namespace {

std::string_view type_field(const http::Exchange& exchange) {
  return exchange.head.field(codec::FieldId::content_type);
}

// The values of all fields with that name that `walk` visits.
template <class Walk>
std::vector<std::string> all_values(std::string_view name, Walk walk) {
  std::vector<std::string> values;
  http::FieldVisitor visit = [&](std::string_view at, std::string_view value) {
    if (at == name) values.emplace_back(value);
    return true;
  };
  walk(visit);
  return values;
}

}  // namespace

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

std::optional<std::string> Request::query_param(std::string_view name) const {
  return codec::find_form(query(), name);
}

std::vector<std::string> Request::query_values(std::string_view name) const {
  return all_values(name, [this](auto& visit) { http::visit_pairs(query(), visit); });
}

void Request::query_params(const Function<void(std::string_view, std::string_view)>& visit) const {
  http::visit_pairs(query(), [&visit](std::string_view name, std::string_view value) {
    visit(name, value);
    return true;
  });
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  return codec::find_cookie(exchange_.head, name);
}

void Request::cookies(const Function<void(std::string_view, std::string_view)>& visit) const {
  for (const codec::Field& field : exchange_.head.all()) {
    if (field.id != codec::FieldId::cookie) continue;
    codec::CookieList list(exchange_.head.value(field));
    codec::Cookie cookie;
    while (list.next(cookie)) visit(cookie.name, cookie.value);
  }
}

std::string_view Request::content_type() const { return codec::ParameterList(type_field(exchange_)).item(); }

std::optional<std::string> Request::form_param(std::string_view name) const {
  std::optional<std::string> found;
  http::visit_fields(type_field(exchange_), body(), [&](std::string_view at, std::string_view value) {
    if (at == name) found = value;
    return at != name;
  });
  return found;
}

std::vector<std::string> Request::form_values(std::string_view name) const {
  return all_values(name,
                    [this](auto& visit) { http::visit_fields(type_field(exchange_), body(), visit); });
}

bool Request::form_params(const Function<void(std::string_view, std::string_view)>& visit) const {
  http::FieldVisitor visit_each = [&visit](std::string_view name, std::string_view value) {
    visit(name, value);
    return true;
  };
  return http::visit_fields(type_field(exchange_), body(), visit_each);
}

std::string_view Request::trailer(std::string_view name) const {
  return http::find_field_line(exchange_.trailers, name);
}

std::string Request::peer() const {
  return sys::peer_host(exchange_.peer_ip);
}

void* Request::state_memory() const {
  if (!std::exchange(exchange_.state_in_use, true)) std::memset(exchange_.state, 0, sizeof exchange_.state);
  return exchange_.state;
}

}  // namespace oklo
