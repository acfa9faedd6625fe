#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <oklo/function.h>

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
  template <class S>
  S& state() const {
    static_assert(sizeof(S) <= kStateBytes && alignof(S) <= 8 && std::is_trivially_copyable_v<S>);
    return *static_cast<S*>(state_memory());
  }
  static constexpr size_t kStateBytes = 64;

 private:
  friend struct http::Exchange;
  explicit Request(http::Exchange& exchange) : exchange_(exchange) {}
  Request(const Request&) = delete;
  void* state_memory() const;
  http::Exchange& exchange_;
};

}  // namespace oklo
