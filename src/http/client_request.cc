#include "http/client_request.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/characters.h"
#include "codec/http_address.h"
#include "codec/http_response.h"

namespace oklo::http {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Those that frame the message or route it are written by the client.
bool is_own_field(std::string_view name) {
  for (std::string_view own : {"host", "content-length", "connection", "transfer-encoding"})
    if (equal_ignoring_case(name, own)) return true;
  return false;
}

const char* fault_of_method(std::string_view method) {
  if (method.empty() || !std::all_of(method.begin(), method.end(), codec::is_token_char))
    return "the method is no word";
  return method == "CONNECT" ? "CONNECT is not for a client like this" : nullptr;
}

std::string fault_of_fields(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (is_own_field(name)) return name + " is written by the client";
    if (!codec::valid_field(name, value)) return "the field " + name + " can't be sent";
  }
  return {};
}

}  // namespace

std::string write_request(const HttpRequest& request, const HttpClientOptions& options, ClientCall& call) {
  codec::HttpAddress address;
  if (const char* fault = codec::parse_http_address(request.url, address))
    return "bad URL \"" + request.url + "\": " + fault;
  if (const char* fault = fault_of_method(request.method)) return fault;
  if (std::string fault = fault_of_fields(request); !fault.empty()) return fault;
  call.server = std::move(address.server);
  call.head_only = request.method == "HEAD";
  call.idempotent = is_one_of(request.method, {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"});
  std::string& out = call.request;
  out.append(request.method).append(" ").append(address.target).append(" HTTP/1.1\r\nHost: ");
  out.append(address.host).append("\r\n");
  for (const auto& [name, value] : request.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty() || is_one_of(request.method, {"POST", "PUT", "PATCH"}))
    out.append("Content-Length: ").append(decimal(request.body.size())).append("\r\n");
  if (options.keep == 0) out.append("Connection: close\r\n");
  out.append("\r\n").append(request.body);
  return {};
}

}  // namespace oklo::http
