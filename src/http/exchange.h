#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/http_request.h"
#include "http/date_line.h"
#include "net/outlet.h"

#include <oklo/limits.h>
#include <oklo/request.h>
#include <oklo/response.h>

namespace oklo::http {

struct Route;

// A part of the path that a pattern's name matched.
struct Param {
  std::string_view name;
  std::string_view value;
  std::string decoded;  // what `value` views when there were percent escapes
};
inline constexpr size_t kParamsMax = 8;

// One request and its answer, on the side where the handler runs. A session has one for requests that are
// there whole and are answered at once, and takes another from the heap for a body that comes in parts.
// All answers go through here: it writes the head, once, and keeps count for the log.
struct Exchange {
  // --- the request
  codec::RequestHead head;
  const Route* route = nullptr;
  std::array<Param, kParamsMax> params;
  uint8_t param_count = 0;
  std::string_view mount_rest;      // for files: the path behind the route's prefix, as it was sent
  std::string_view body;
  std::string trailers;             // lines "name: value\r\n" behind a chunked body
  const uint8_t* peer_ip = nullptr; // 16 bytes, IPv6 form; nullptr for a unix socket
  const Clock* clock = nullptr;
  DateLine* date_line = nullptr;    // of the worker
  alignas(8) unsigned char state[Request::kStateBytes];  // zeroed when a handler asks for it first

  // --- the answer
  Outlet* outlet = nullptr;
  uint16_t status = 200;
  bool keep_alive = true;           // the connection goes on after this answer
  bool begun = false;               // the head is written
  bool finished = false;
  bool body_chunked = false;        // what write began
  bool holds_file = false;          // the answer keeps a file open until it is sent
  bool state_in_use = false;
  uint64_t body_bytes = 0;          // sent as body, for the log
  std::string fields;               // lines "Name: value\r\n" that the handler added
  std::string reply_trailers;

  // Makes it ready for the next request; head is set by the parser, the route by RouteTable::find.
  void reset(Outlet& to) {
    body = {};
    outlet = &to;
    status = 200;
    keep_alive = true;
    begun = finished = body_chunked = holds_file = state_in_use = false;
    body_bytes = 0;
    fields.clear();
    reply_trailers.clear();
  }

  bool is_head() const { return head.method == codec::Method::head; }
  // RFC 9110 sections 15.3.5 and 15.4.5: these have none, and so no frame for it.
  bool has_content() const { return status != 204 && status != 304; }
  Request request() { return Request(*this); }
  Response response() { return Response(*this); }

  // Adds a field that needs no check. False when there is no room for it.
  bool add_field(std::string_view name, std::string_view value);

  // What a handler answers: with content, where its status may have some.
  void answer(std::string_view content, std::string_view lines) {
    if (!has_content()) return send_empty();
    send(content, lines);
  }

  // Each of these is the whole answer, with Content-Length. `lines` are further fields, ready made, each
  // line with its end.
  void send(std::string_view content, std::string_view lines = {}) {
    if (begun) return;
    uint64_t length = content.size();
    if (is_head()) content = {};
    body_bytes = content.size();
    finished = true;
    put_head(lines, length, content);
  }
  void send_shared(const BytesRef& bytes, std::string_view content, std::string_view lines);
  void send_file(sys::Fd file, uint64_t offset, uint64_t size, std::string_view lines);
  // 204, 304 and the like: no body and no Content-Length (RFC 9110 section 8.6).
  void send_empty(std::string_view lines = {});
  // 101: the connection speaks another protocol from here on (RFC 9110 section 7.8).
  void switch_protocol(std::string_view token);
  // An error page of one line of text. `close` ends the connection after it.
  void fail(int code, bool close = false);

  // A body that is made of parts whose total is known: after begin_sized come exactly `size` bytes by
  // part and part_file, then finished is set.
  void begin_sized(uint64_t size, std::string_view lines);
  void part(std::string_view bytes);
  void part_shared(const BytesRef& bytes, std::string_view view);
  void part_file(sys::Fd file, uint64_t offset, uint64_t size);
  void end_sized() { finished = true; }

  // A body of unknown length.
  bool write(std::string_view piece);
  bool trailer(std::string_view name, std::string_view value);
  void end();

 private:
  // In place of a length.
  static constexpr uint64_t kNone = UINT64_MAX;
  static constexpr uint64_t kChunked = UINT64_MAX - 1;

  size_t head_size_max(std::string_view lines) const;
  char* write_start(char* out) const;
  char* write_head(char* out, std::string_view lines, uint64_t length) const;
  void put_head(std::string_view lines, uint64_t length, std::string_view content = {});
};

}  // namespace oklo::http
