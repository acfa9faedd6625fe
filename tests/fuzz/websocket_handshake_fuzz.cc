#include "codec/websocket_handshake.h"

#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kSubprotocols[] = {"chat", "news", "a"};

bool is_known(std::string_view subprotocol) {
  for (std::string_view known : kSubprotocols)
    if (known == subprotocol) return true;
  return false;
}

size_t lines(const RequestHead& head, FieldId id) {
  size_t count = 0;
  for (const Field& field : head.all()) count += field.id == id;
  return count;
}

void check_request(const RequestHead& head) {
  HandshakeVerdict verdict = check_websocket_request(head);
  OKLO_ASSERT((verdict.status == 101) == std::string_view(verdict.reason).empty());
  if (verdict.status == 101) {
    OKLO_ASSERT(head.method == Method::get && head.minor_version > 0 && head.upgrade_asked);
    OKLO_ASSERT(lines(head, FieldId::sec_websocket_key) == 1 && lines(head, FieldId::upgrade) > 0);
    OKLO_ASSERT(head.field(FieldId::sec_websocket_key).size() == 24);
    OKLO_ASSERT(head.field(FieldId::sec_websocket_version) == "13");
    OKLO_ASSERT(!head.chunked && head.content_length == 0);
  } else {
    OKLO_ASSERT(verdict.status == 400 || verdict.status == 405 || verdict.status == 426);
  }
  std::string_view chosen = choose_subprotocol(head, kSubprotocols);
  OKLO_ASSERT(chosen.empty() || is_known(chosen));
}

void check_answer(const RequestHead& head) {
  std::vector<FieldLine> fields;
  for (const Field& field : head.all()) fields.push_back({head.name(field), head.value(field)});
  std::string_view chosen;
  OKLO_ASSERT(check_websocket_answer(200, fields, kKey, kSubprotocols, chosen));
  const char* fault = check_websocket_answer(101, fields, kKey, kSubprotocols, chosen);
  OKLO_ASSERT(chosen.empty() || (!fault && is_known(chosen)));
  if (fault) return;
  OKLO_ASSERT(head.find("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  OKLO_ASSERT(head.find("sec-websocket-protocol") == chosen && head.has(FieldId::upgrade));
}

}  // namespace

// Takes the input as the fields of a request, and the same as those of an answer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  for (const char* line : {"GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.0\r\n"}) {
    Guarded bytes(line + input + "\r\n\r\n");
    auto head = std::make_unique<RequestHead>();
    ParseOutcome outcome = parse_request_head({bytes.data(), bytes.size()}, HeadLimits{}, *head);
    if (outcome.kind != ParseOutcome::Kind::complete) continue;
    check_request(*head);
    check_answer(*head);
  }
  return 0;
}
