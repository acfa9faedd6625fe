#include <oklo/response.h>

#include <string>
#include <utility>

#include "codec/cookie.h"
#include "codec/event_stream.h"
#include "codec/http_response.h"
#include "codec/mime.h"
#include "http/field_lines.h"
#include "http/late_answers.h"
#include "http/reply.h"
#include "sys/file_part.h"

namespace oklo {

namespace {

bool send_part(http::Reply& reply, sys::FilePart part, std::string_view name) {
  if (reply.begun) return false;
  std::string line;
  if (http::find_field_line(reply.fields, "Content-Type").empty())
    line.append("Content-Type: ").append(codec::media_type(name)).append("\r\n");
  if (reply.has_content()) reply.send_file(std::move(part.file), part.offset, part.size, line);
  else reply.send_empty();
  return true;
}

}  // namespace

Response& Response::status(int code) {
  OKLO_ASSERT(code >= 200 && code <= 599);
  if (!reply_.begun) reply_.status = static_cast<uint16_t>(code);
  return *this;
}

bool Response::header(std::string_view name, std::string_view value) {
  if (reply_.begun || codec::is_server_field(name) || !codec::valid_field(name, value)) return false;
  return reply_.add_field(name, value);
}

bool Response::cookie(const Cookie& cookie) {
  using Sites = codec::SetCookie::SameSite;
  codec::SetCookie field;
  field.name = cookie.name;
  field.value = cookie.value;
  field.max_age_s = cookie.max_age_s;
  field.path = cookie.path;
  field.domain = cookie.domain;
  field.secure = cookie.secure;
  field.http_only = cookie.http_only;
  field.same_site = static_cast<Sites>(cookie.same_site);
  static_assert(static_cast<Sites>(SameSite::none) == Sites::none);
  std::optional<std::string> value = codec::set_cookie_value(field);
  return value && !reply_.begun && reply_.add_field("Set-Cookie", *value);
}

void Response::send(std::string_view body) { reply_.answer(body, {}); }

void Response::send_whole(std::string_view type_line, std::string_view body) {
  reply_.answer(body, type_line);
}

void Response::send_joined(std::string_view type_line, std::initializer_list<std::string_view> parts) {
  std::string body;
  for (std::string_view part : parts) body.append(part);
  reply_.answer(body, type_line);
}

bool Response::send_file(const std::string& path, uint64_t offset, uint64_t size) {
  sys::FilePart part;
  return sys::open_part(path, offset, size, part) && send_part(reply_, std::move(part), path);
}

bool Response::send_file(int fd, uint64_t offset, uint64_t size) {
  sys::FilePart part;
  return sys::open_part(fd, offset, size, part) && send_part(reply_, std::move(part), {});
}

void Response::redirect(std::string_view location, int code) {
  status(code);
  if (!header("Location", location)) return fail(500);
  send({});
}

void Response::fail(int code) { reply_.fail(code); }
bool Response::write(std::string_view piece) { return reply_.write(piece); }
bool Response::trailer(std::string_view name, std::string_view value) {
  return reply_.trailer(name, value);
}
void Response::end() { reply_.end(); }
bool Response::finished() const { return reply_.finished; }
size_t Response::queued() const { return reply_.outlet->queued(); }

RequestId Response::later(uint32_t timeout_ms) {
  return reply_.late_answers ? reply_.late_answers->later(reply_, timeout_ms) : RequestId();
}

RequestId Response::events(uint32_t heartbeat_ms) {
  if (reply_.begun || !reply_.late_answers) return {};
  return reply_.late_answers->begin_events(reply_, heartbeat_ms);
}

bool Response::event(const Event& event) {
  if (reply_.late != http::Reply::Late::events) return false;
  std::string text;
  codec::StreamEvent encoded = {event.data, event.name, event.id, event.retry_ms};
  return codec::append_event(text, encoded) && reply_.write_event(text);
}

}  // namespace oklo
