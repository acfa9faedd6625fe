#include "codec/http_response.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "base/assert.h"
#include "codec/characters.h"

namespace oklo::codec {
namespace {

constexpr std::string_view kServerFields[] = {"content-length", "transfer-encoding", "connection", "date",
                                              "server"};

constexpr std::string_view kLines[] = {
    "",
    "HTTP/1.1 100 Continue\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 103 Early Hints\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 201 Created\r\n",
    "HTTP/1.1 202 Accepted\r\n",
    "HTTP/1.1 203 Non-Authoritative Information\r\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/1.1 205 Reset Content\r\n",
    "HTTP/1.1 206 Partial Content\r\n",
    "HTTP/1.1 207 Multi-Status\r\n",
    "HTTP/1.1 208 Already Reported\r\n",
    "HTTP/1.1 226 IM Used\r\n",
    "HTTP/1.1 300 Multiple Choices\r\n",
    "HTTP/1.1 301 Moved Permanently\r\n",
    "HTTP/1.1 302 Found\r\n",
    "HTTP/1.1 303 See Other\r\n",
    "HTTP/1.1 304 Not Modified\r\n",
    "HTTP/1.1 305 Use Proxy\r\n",
    "HTTP/1.1 307 Temporary Redirect\r\n",
    "HTTP/1.1 308 Permanent Redirect\r\n",
    "HTTP/1.1 400 Bad Request\r\n",
    "HTTP/1.1 401 Unauthorized\r\n",
    "HTTP/1.1 402 Payment Required\r\n",
    "HTTP/1.1 403 Forbidden\r\n",
    "HTTP/1.1 404 Not Found\r\n",
    "HTTP/1.1 405 Method Not Allowed\r\n",
    "HTTP/1.1 406 Not Acceptable\r\n",
    "HTTP/1.1 407 Proxy Authentication Required\r\n",
    "HTTP/1.1 408 Request Timeout\r\n",
    "HTTP/1.1 409 Conflict\r\n",
    "HTTP/1.1 410 Gone\r\n",
    "HTTP/1.1 411 Length Required\r\n",
    "HTTP/1.1 412 Precondition Failed\r\n",
    "HTTP/1.1 413 Content Too Large\r\n",
    "HTTP/1.1 414 URI Too Long\r\n",
    "HTTP/1.1 415 Unsupported Media Type\r\n",
    "HTTP/1.1 416 Range Not Satisfiable\r\n",
    "HTTP/1.1 417 Expectation Failed\r\n",
    "HTTP/1.1 418 I'm a teapot\r\n",
    "HTTP/1.1 421 Misdirected Request\r\n",
    "HTTP/1.1 422 Unprocessable Content\r\n",
    "HTTP/1.1 423 Locked\r\n",
    "HTTP/1.1 424 Failed Dependency\r\n",
    "HTTP/1.1 425 Too Early\r\n",
    "HTTP/1.1 426 Upgrade Required\r\n",
    "HTTP/1.1 428 Precondition Required\r\n",
    "HTTP/1.1 429 Too Many Requests\r\n",
    "HTTP/1.1 431 Request Header Fields Too Large\r\n",
    "HTTP/1.1 451 Unavailable For Legal Reasons\r\n",
    "HTTP/1.1 500 Internal Server Error\r\n",
    "HTTP/1.1 501 Not Implemented\r\n",
    "HTTP/1.1 502 Bad Gateway\r\n",
    "HTTP/1.1 503 Service Unavailable\r\n",
    "HTTP/1.1 504 Gateway Timeout\r\n",
    "HTTP/1.1 505 HTTP Version Not Supported\r\n",
    "HTTP/1.1 506 Variant Also Negotiates\r\n",
    "HTTP/1.1 507 Insufficient Storage\r\n",
    "HTTP/1.1 508 Loop Detected\r\n",
    "HTTP/1.1 511 Network Authentication Required\r\n",
};

constexpr size_t kStatusAt = 9;   // in "HTTP/1.1 200 OK\r\n"
constexpr size_t kReasonAt = 13;
constexpr size_t kStatusEnd = 512;

// Where the line of each status stands in kLines; 0 where it has none.
constexpr std::array<uint8_t, kStatusEnd> make_index() {
  std::array<uint8_t, kStatusEnd> index{};
  for (size_t i = 1; i < std::size(kLines); i++) {
    size_t status = 0;
    for (char c : kLines[i].substr(kStatusAt, 3)) status = status * 10 + static_cast<size_t>(c - '0');
    index[status] = static_cast<uint8_t>(i);
  }
  return index;
}

constexpr std::array<uint8_t, kStatusEnd> kIndex = make_index();

}  // namespace

std::string_view status_line(int status) {
  return status >= 0 && static_cast<size_t>(status) < kStatusEnd ? kLines[kIndex[static_cast<size_t>(status)]]
                                                                 : "";
}

std::string_view reason_phrase(int status) {
  std::string_view line = status_line(status);
  return line.empty() ? line : line.substr(kReasonAt, line.size() - kReasonAt - 2);
}

char* write_status_line(char* out, int status) {
  OKLO_ASSERT(status >= 100 && status <= 999);
  std::string_view line = status_line(status);
  if (!line.empty()) return std::copy(line.begin(), line.end(), out);
  char other[] = "HTTP/1.1 000 \r\n";
  for (size_t at = kStatusAt + 2; at >= kStatusAt; at--, status /= 10)
    other[at] = static_cast<char>('0' + status % 10);
  return std::copy(other, other + sizeof other - 1, out);
}

bool valid_field(std::string_view name, std::string_view value) {
  const char* name_end = name.data() + name.size();
  const char* value_end = value.data() + value.size();
  return !name.empty() && skip_token(name.data(), name_end) == name_end &&
         skip_value(value.data(), value_end) == value_end;
}

bool is_server_field(std::string_view name) {
  return std::any_of(std::begin(kServerFields), std::end(kServerFields),
                     [name](std::string_view field) { return equal_ignoring_case(field, name); });
}

}  // namespace oklo::codec
