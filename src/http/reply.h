#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/http_request.h"
#include "http/date_line.h"
#include "net/outlet.h"

#include <oklo/response.h>

namespace oklo::http {

class LateAnswers;

// The answer to one request. All answers go through here: it writes the head, once, and keeps count for the
// log. Of the request it knows what its form depends on, so that it can outlive it.
struct Reply {
  // Whether the handler has asked for more time.
  enum class Late : uint16_t { no, answer, events };

  Outlet* outlet = nullptr;
  const Clock* clock = nullptr;
  DateLine* date_line = nullptr;        // of the worker
  LateAnswers* late_answers = nullptr;  // nullptr: the answer can't come later
  const uint8_t* peer_ip = nullptr;     // 16 bytes, IPv6 form; nullptr for a unix socket
  uint64_t asked_us = 0;                // the turn in which the head of the request was complete

  // These eight bytes are reset by one store.
  uint16_t status = 200;
  bool begun = false;               // the head is written
  bool finished = false;            // with it, begun is set too
  bool body_chunked = false;        // what write began
  bool holds_file = false;          // the answer keeps a file open until it is sent
  Late late = Late::no;

  codec::Method method = codec::Method::get;
  uint8_t minor_version = 1;
  bool keep_alive = true;           // the connection goes on after this answer
  uint64_t body_bytes = 0;          // sent as body, for the log; set when the answer begins
  std::string fields;               // lines "Name: value\r\n" that the handler added
  std::string trailers_out;         // the same, behind what write has begun

  // Makes it ready for the answer to `head`.
  void reset(Outlet& to, const codec::RequestHead& head) {
    outlet = &to;
    method = head.method;
    minor_version = head.minor_version;
    keep_alive = true;
    status = 200;
    begun = finished = body_chunked = holds_file = false;
    late = Late::no;
    fields.clear();
  }

  bool is_head() const { return method == codec::Method::head; }
  // RFC 9110 sections 15.3.5 and 15.4.5: these have none, and so no frame for it.
  bool has_content() const { return status != 204 && status != 304; }
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
  // As write. Where nothing else waits to be sent it takes no block of the queue: thousands of streams may
  // get an event in the same turn.
  bool write_event(std::string_view text);
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
