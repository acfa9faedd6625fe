#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>
#include <oklo/state.h>

namespace oklo {

namespace http { struct Exchange; }

// A request, borrowed: it and every view that it gives live until the handler returns.
class Request {
 public:
  // "GET", "POST", ... (RFC 9110 section 9). A handler for GET is called for HEAD too.
  std::string_view method() const;
  // The path as it was sent, percent escapes and all; "/" for an empty one (RFC 9110 section 4.2.3).
  std::string_view path() const;
  // What follows the '?', without it; empty when there is none.
  std::string_view query() const;
  // The target as it was sent (RFC 9112 section 3.2).
  std::string_view target() const;
  // Host and port that the client asked for (RFC 9110 section 7.2).
  std::string_view host() const;
  // 0 for HTTP/1.0, 1 for HTTP/1.1.
  int minor_version() const;

  // The value of the first field with that name, in any case of letters; empty when there is none.
  std::string_view header(std::string_view name) const;
  // Whether there is a field with that name, empty or not.
  bool has_header(std::string_view name) const;
  // Calls `visit` for each field in the order in which they came.
  void headers(const Function<void(std::string_view name, std::string_view value)>& visit) const;

  // The pairs of the query, NAME=VALUE&..., '+' and percent escapes decoded (URL Standard section 5.1); a
  // '%' that begins no escape stays, and a name without '=' has an empty value. The bytes may be anything:
  // not UTF-8, NUL. Each call walks the query again. The value of the first pair with that name, nothing when
  // there is none; the values of all with that name; all pairs in their order, borrowed by `visit`.
  std::optional<std::string> query_param(std::string_view name) const;
  std::vector<std::string> query_values(std::string_view name) const;
  void query_params(const Function<void(std::string_view name, std::string_view value)>& visit) const;

  // The cookies that the client sent (RFC 6265 section 5.4), as they were sent: nothing is decoded, quotes
  // around a value are part of it, and anybody can have made them up. The value of the first one with that
  // name, which counts with case, nothing when there is none; all of them in their order.
  std::optional<std::string_view> cookie(std::string_view name) const;
  void cookies(const Function<void(std::string_view name, std::string_view value)>& visit) const;

  // The media type of the body without its parameters, as it was sent: "application/json", in any case of
  // letters; empty when there is none (RFC 9110 section 8.3).
  std::string_view content_type() const;

  // The fields of a form that is the whole body: application/x-www-form-urlencoded or multipart/form-data,
  // whose files are passed over (Router::form has them). Each call walks the body again. The rest is as for
  // the query, and form_params tells whether the body is such a form, and whole. Names and values in front
  // of a fault are there. Nothing is checked to be UTF-8.
  std::optional<std::string> form_param(std::string_view name) const;
  std::vector<std::string> form_values(std::string_view name) const;
  bool form_params(const Function<void(std::string_view name, std::string_view value)>& visit) const;

  // The part of the path that ":name" or "*name" of the route's pattern matched, percent-decoded.
  std::string_view param(std::string_view name) const;

  // The whole body (HttpLimits::body_bytes); empty for a handler that takes it in pieces.
  std::string_view body() const;
  // Fields behind a chunked body (RFC 9110 section 6.5), where they are allowed there.
  std::string_view trailer(std::string_view name) const;

  // The address of the client: "192.0.2.1", "2001:db8::1", "unix".
  std::string peer() const;

  // Plain memory of at most 64 bytes that lives as long as the request, zeroed when it begins: for
  // handlers that take a body in pieces.
  template <State S>
  S& state() const {
    return *static_cast<S*>(state_memory());
  }

 private:
  friend struct http::Exchange;
  explicit Request(http::Exchange& exchange) : exchange_(exchange) {}
  Request(const Request&) = delete;
  void* state_memory() const;
  http::Exchange& exchange_;
};

}  // namespace oklo
