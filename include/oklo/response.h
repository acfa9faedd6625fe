#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace oklo {

namespace http { struct Exchange; }

// The answer to one request, borrowed by its handler. A handler sets a status and fields if it wants
// others than 200 and none, then answers once: with send (or text, html, json, redirect, fail), or with
// write ... end. Date, Content-Length, Transfer-Encoding and Connection are set by oklo. The answer to
// HEAD goes out without its body, whatever the handler sends. A handler that returns without an answer
// causes a 500.
class Response {
 public:
  // The status code, 200 to 599. Once the answer has begun it is ignored, and so are the fields.
  Response& status(int code);

  // Adds a field. One that could split the answer (a line break or NUL in it, or a name that is no token,
  // RFC 9110 section 5.6.2), or that oklo sets itself, is left out, and false comes back.
  bool header(std::string_view name, std::string_view value);

  // The whole answer with its body.
  void send(std::string_view body);
  // As send, with a Content-Type: text/plain, text/html (both UTF-8) or application/json.
  template <class... Parts>
  void text(const Parts&... parts) {
    send_typed("Content-Type: text/plain; charset=utf-8\r\n", parts...);
  }
  template <class... Parts>
  void html(const Parts&... parts) {
    send_typed("Content-Type: text/html; charset=utf-8\r\n", parts...);
  }
  template <class... Parts>
  void json(const Parts&... parts) {
    send_typed("Content-Type: application/json\r\n", parts...);
  }

  // An answer without content that leads elsewhere (RFC 9110 section 15.4).
  void redirect(std::string_view location, int code = 302);
  // An error with a short plain text.
  void fail(int code);

  // A part of a body of unknown length: chunked for HTTP/1.1, up to the end of the connection for 1.0
  // (RFC 9112 section 6). False when the client is gone or its queue is full.
  bool write(std::string_view piece);
  // A field behind the body; only between write and end, and only for HTTP/1.1.
  bool trailer(std::string_view name, std::string_view value);
  // The end of what write began.
  void end();

  // Whether the answer is complete.
  bool finished() const;

 private:
  friend struct http::Exchange;
  explicit Response(http::Exchange& exchange) : exchange_(exchange) {}
  Response(const Response&) = delete;
  template <class... Parts>
  void send_typed(std::string_view type_line, const Parts&... parts) {
    if constexpr (sizeof...(parts) == 1) send_whole(type_line, parts...);
    else send_joined(type_line, {std::string_view(parts)...});
  }
  void send_whole(std::string_view type_line, std::string_view body);
  void send_joined(std::string_view type_line, std::initializer_list<std::string_view> parts);
  http::Exchange& exchange_;
};

}  // namespace oklo
