#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <oklo/cookie.h>
#include <oklo/function.h>
#include <oklo/request_id.h>

namespace oklo {

namespace http { struct Reply; }

// One server-sent event (WHATWG HTML section 9.2).
struct Event {
  std::string_view data = {};  // any text; a line break, LF, CR LF or CR, comes as LF
  std::string_view name = {};  // "message" for the client when empty
  std::string_view id = {};    // what a client that comes back says in Last-Event-ID; empty: as before
  uint32_t retry_ms = 0;       // how long the client waits before it comes back; 0: as before
};

// The answer to one request, borrowed by its handler. A handler sets a status and fields if it wants
// others than 200 and none, then answers once: with send (or text, html, json, send_file, redirect, fail), or
// with write ... end. Date, Content-Length, Transfer-Encoding and Connection are set by oklo. The answer to
// HEAD goes out without its body, whatever the handler sends. A handler that returns without an answer
// causes a 500, unless it said that the answer comes later.
class Response {
 public:
  // The status code, 200 to 599. Once the answer has begun it is ignored, and so are the fields.
  Response& status(int code);

  // Adds a field. One that could split the answer (a line break or NUL in it, or a name that is no token,
  // RFC 9110 section 5.6.2), or that oklo sets itself, is left out, and false comes back.
  bool header(std::string_view name, std::string_view value);

  // Adds a Set-Cookie field. False, and nothing is added, for a cookie that no client would keep, or that
  // it could take for something else: a name that is no token, a value with a space, comma, semicolon,
  // backslash, control or character outside ASCII in it (encode it), more than 4096 bytes of both, a path or
  // domain that is none, SameSite=None without Secure, a name that begins with __Host- or __Secure- without
  // what that promises (RFC 6265bis section 4.1.3). A cookie is removed by one with the same name, path and
  // domain and max_age_s = 0.
  bool cookie(const Cookie& cookie);

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

  // Sends a part of a regular file without copying it: from `offset`, at most `size` bytes. The path is
  // opened with the rights of the worker; an open file is borrowed for the call. The Content-Type is the one
  // that was set by header, or that of the path's extension. False, and nothing is sent, when it can't be
  // opened, is no regular file or ends before `offset`, and when the answer has begun. A file that becomes
  // shorter meanwhile ends the connection.
  bool send_file(const std::string& path, uint64_t offset = 0, uint64_t size = kToTheEnd);
  bool send_file(int fd, uint64_t offset = 0, uint64_t size = kToTheEnd);
  static constexpr uint64_t kToTheEnd = UINT64_MAX;

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
  // Bytes that wait here to be sent to this client; files count nothing. Whoever writes over time looks at
  // it and, where it is more than some hundred KB, comes back a little later: more than
  // HttpLimits::queue_bytes closes the connection.
  size_t queued() const;

  // Says that the answer, or the rest of it, comes later, by oklo::answer: the handler may return without
  // one, or behind a write. What was set is kept; the Request is not: copy what the answer needs. When none
  // has begun after timeout_ms, the client gets 503 and the connection closes; one that write has begun is
  // cut off when nothing was written for so long. 0: there is no such time. To call it again gives the same
  // id and sets the time anew. The requests behind this one wait. A client that has ended its sending side
  // still gets the answer. False when the answer is complete, and where it can't come later: in on_head and
  // on_piece of an upload and in on_handshake of a WebSocket.
  RequestId later(uint32_t timeout_ms = 30'000);

  // Begins a stream of server-sent events, with the fields it needs. Each of them is sent by `event`: in this
  // handler, and later by oklo::answer. It lasts until the client leaves, the server stops, or `end` is
  // called; then the connection closes. When nothing was sent for heartbeat_ms, a comment line is; 0: never.
  // False when the answer has begun, where it can't come later, and for HEAD, whose answer is complete then.
  RequestId events(uint32_t heartbeat_ms = 15'000);
  // False when this is no such stream or it has ended, when its queue is full, and for a name or id with a
  // line break or NUL in it. Without data and name, id and retry_ms are told alone.
  bool event(const Event& event);

 private:
  friend struct http::Reply;
  explicit Response(http::Reply& reply) : reply_(reply) {}
  Response(const Response&) = delete;
  template <class... Parts>
  void send_typed(std::string_view type_line, const Parts&... parts) {
    if constexpr (sizeof...(parts) == 1) send_whole(type_line, parts...);
    else send_joined(type_line, {std::string_view(parts)...});
  }
  void send_whole(std::string_view type_line, std::string_view body);
  void send_joined(std::string_view type_line, std::initializer_list<std::string_view> parts);
  http::Reply& reply_;
};

// Calls `function` at once with the Response of that request, which lives until the function returns: to
// answer, to write a part, or to look at it. From anywhere in the worker that owns the connection: a timer,
// an fd, a message of another worker, the handler of another request. False, and nothing is called, when the
// request is answered, its client is gone, or another worker has it; that is also how one learns that a
// stream of events has ended. Within the handler, or another call for the same request, it works too.
bool answer(RequestId id, const Function<void(Response&)>& function);

}  // namespace oklo
