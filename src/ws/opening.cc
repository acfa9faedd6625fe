#include "ws/opening.h"

#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/http_address.h"
#include "codec/http_response.h"

namespace oklo::ws {

namespace {

// Those of the handshake, and those that would frame a body, which it has not.
bool is_own_field(std::string_view name) {
  for (std::string_view own : {"host", "upgrade", "connection", "content-length", "transfer-encoding"})
    if (equal_ignoring_case(name, own)) return true;
  constexpr std::string_view kFront = "sec-websocket-";
  return equal_ignoring_case(name.substr(0, kFront.size()), kFront);
}

std::string subprotocol_line(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string line;
  for (const std::string& name : names) line.append(line.empty() ? "" : ", ").append(name);
  return "Sec-WebSocket-Protocol: " + line + "\r\n";
}

}  // namespace

std::string write_handshake(Opening& opening, const WebSocketClientOptions& options) {
  codec::HttpAddress address;
  if (const char* fault = codec::parse_websocket_address(opening.url, address))
    return "bad URL \"" + opening.url + "\": " + fault;
  opening.server = std::move(address.server);
  std::string& out = opening.request;
  out.append("GET ").append(address.target).append(" HTTP/1.1\r\nHost: ").append(address.host);
  out.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
  out.append(opening.key.data(), opening.key.size());
  out.append("\r\nSec-WebSocket-Version: ").append(codec::kWebSocketVersion).append("\r\n");
  out.append(subprotocol_line(options.socket.subprotocols));
  for (const auto& [name, value] : options.headers) {
    if (is_own_field(name)) return name + " is written by the client";
    if (!codec::valid_field(name, value)) return "the field " + name + " can't be sent";
    out.append(name).append(": ").append(value).append("\r\n");
  }
  out.append("\r\n");
  return {};
}

std::string judge_answer(const Opening& opening, const codec::ReplyHead& head,
                         const WebSocketClientOptions& options, std::string_view& subprotocol) {
  if (head.status != 101) {
    std::string words = "it answers " + decimal(head.status);
    return head.reason().empty() ? words : words.append(" ").append(head.reason());
  }
  std::vector<codec::FieldLine> fields;
  for (const codec::ReplyHead::Field& field : head.fields)
    fields.push_back({head.name(field), head.value(field)});
  const std::vector<std::string>& names = options.socket.subprotocols;
  std::vector<std::string_view> offered(names.begin(), names.end());
  std::string_view key(opening.key.data(), opening.key.size());
  const char* fault = codec::check_websocket_answer(head.status, fields, key, offered, subprotocol);
  return fault ? std::string("its answer is wrong: ") + fault : std::string();
}

}  // namespace oklo::ws
