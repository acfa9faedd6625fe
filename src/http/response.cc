#include <oklo/response.h>

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "codec/http_response.h"
#include "http/exchange.h"

namespace oklo {

namespace {

// What the server says itself: a second word on it would contradict the first.
constexpr std::string_view kReserved[] = {"content-length", "transfer-encoding", "connection", "date",
                                          "server"};

bool is_reserved(std::string_view name) {
  return std::any_of(std::begin(kReserved), std::end(kReserved),
                     [name](std::string_view reserved) { return equal_ignoring_case(reserved, name); });
}

}  // namespace

Response& Response::status(int code) {
  OKLO_ASSERT(code >= 200 && code <= 599);
  if (!exchange_.begun) exchange_.status = static_cast<uint16_t>(code);
  return *this;
}

bool Response::header(std::string_view name, std::string_view value) {
  if (exchange_.begun || is_reserved(name) || !codec::valid_field(name, value)) return false;
  return exchange_.add_field(name, value);
}

void Response::send(std::string_view body) { exchange_.answer(body, {}); }

void Response::send_whole(std::string_view type_line, std::string_view body) {
  exchange_.answer(body, type_line);
}

void Response::send_joined(std::string_view type_line, std::initializer_list<std::string_view> parts) {
  std::string body;
  for (std::string_view part : parts) body.append(part);
  exchange_.answer(body, type_line);
}

void Response::redirect(std::string_view location, int code) {
  status(code);
  if (!header("Location", location)) return fail(500);
  send({});
}

void Response::fail(int code) { exchange_.fail(code); }
bool Response::write(std::string_view piece) { return exchange_.write(piece); }
bool Response::trailer(std::string_view name, std::string_view value) {
  return exchange_.trailer(name, value);
}
void Response::end() { exchange_.end(); }
bool Response::finished() const { return exchange_.finished; }

}  // namespace oklo
