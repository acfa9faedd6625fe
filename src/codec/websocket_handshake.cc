#include "codec/websocket_handshake.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/sha1.h"
#include "codec/field_list.h"

namespace oklo::codec {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3

// Whether it is 16 bytes in base64. The grammar of RFC 6455 section 11.3.1 does not ask that the unused
// bits are zero, and there are clients that send any.
bool valid_key(std::string_view key) {
  constexpr size_t kSize = base64_size(16);
  if (key.size() != kSize || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](char c) { return base64_value(c) >= 0; });
}

// What the fields of a request say, each of which may have several lines.
struct Asked {
  bool upgrade = false;
  int keys = 0;
  int versions = 0;
};

Asked read_fields(const RequestHead& head) {
  Asked asked;
  for (const Field& field : head.all()) {
    if (field.id == FieldId::upgrade) asked.upgrade |= list_has(head.value(field), "websocket");
    if (field.id == FieldId::sec_websocket_key) asked.keys++;
    if (field.id == FieldId::sec_websocket_version) asked.versions++;
  }
  return asked;
}

std::string_view find_equal(std::span<const std::string_view> names, std::string_view wanted) {
  auto found = std::find(names.begin(), names.end(), wanted);
  return found == names.end() ? std::string_view() : *found;
}

// A field that may stand once.
struct Single {
  int lines = 0;
  std::string_view value;

  void add(std::string_view line) {
    lines++;
    value = line;
  }
};

// What the fields of an answer say.
struct Answered {
  Single upgrade;
  Single accept;
  Single protocol;
  bool connection = false;
  bool extension = false;
};

Answered read_fields(std::span<const FieldLine> fields) {
  Answered answered;
  for (const FieldLine& field : fields) {
    std::string_view value = trim(field.value);
    auto named = [&field](std::string_view name) { return equal_ignoring_case(field.name, name); };
    if (named("upgrade")) answered.upgrade.add(value);
    if (named("sec-websocket-accept")) answered.accept.add(value);
    if (named("sec-websocket-protocol")) answered.protocol.add(value);
    if (named("connection")) answered.connection |= list_has(value, "upgrade");
    if (named("sec-websocket-extensions")) answered.extension |= !value.empty();
  }
  return answered;
}

}  // namespace

HandshakeVerdict check_websocket_request(const RequestHead& head) {
  if (head.method != Method::get) return {405, "WebSocket handshake with a method other than GET"};
  Asked asked = read_fields(head);
  if (!head.upgrade_asked || !asked.upgrade) return {426, "no upgrade to WebSocket asked for"};
  if (head.chunked || head.content_length > 0) return {400, "WebSocket handshake with a body"};
  if (asked.versions != 1) return {400, "no Sec-WebSocket-Version, or more than one"};
  if (head.field(FieldId::sec_websocket_version) != kWebSocketVersion)
    return {426, "unknown WebSocket version"};
  if (asked.keys != 1) return {400, "no Sec-WebSocket-Key, or more than one"};
  if (!valid_key(head.field(FieldId::sec_websocket_key))) return {400, "bad Sec-WebSocket-Key"};
  return {};
}

WebSocketAccept websocket_accept(std::string_view key) {
  Sha1 hash;
  hash.add(key);
  hash.add(kGuid);
  Sha1::Digest digest = hash.finish();
  WebSocketAccept accept;
  write_base64(accept.data(), {digest.data(), digest.size()});
  return accept;
}

std::string_view choose_subprotocol(const RequestHead& head, std::span<const std::string_view> spoken) {
  for (const Field& field : head.all()) {
    if (field.id != FieldId::sec_websocket_protocol) continue;
    FieldList list(head.value(field));
    std::string_view offered;
    while (list.next(offered))
      if (std::string_view found = find_equal(spoken, offered); !found.empty()) return found;
  }
  return {};
}

WebSocketKey websocket_key(std::span<const char, 16> random) {
  WebSocketKey key;
  write_base64(key.data(), {random.data(), random.size()});
  return key;
}

const char* check_websocket_answer(int status, std::span<const FieldLine> fields, std::string_view key,
                                   std::span<const std::string_view> offered, std::string_view& chosen) {
  chosen = {};
  if (status != 101) return "the server does not switch to WebSocket";
  Answered answered = read_fields(fields);
  if (answered.upgrade.lines != 1 || !equal_ignoring_case(answered.upgrade.value, "websocket"))
    return "no Upgrade: websocket";
  if (!answered.connection) return "no Connection: upgrade";
  WebSocketAccept wanted = websocket_accept(key);
  if (answered.accept.lines != 1 || answered.accept.value != std::string_view(wanted.data(), wanted.size()))
    return "bad Sec-WebSocket-Accept";
  if (answered.extension) return "an extension that was not offered";
  if (answered.protocol.lines == 0) return nullptr;
  std::string_view found = find_equal(offered, answered.protocol.value);
  if (answered.protocol.lines > 1 || found.empty()) return "a subprotocol that was not offered";
  chosen = found;
  return nullptr;
}

}  // namespace oklo::codec
