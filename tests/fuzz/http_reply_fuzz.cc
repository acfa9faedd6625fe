#include "codec/http_reply.h"

#include <cstdint>
#include <string>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;
using Kind = ReplyOutcome::Kind;

namespace {

// What it comes to when the bytes come in pieces of that size, with a place for each view.
std::string parse(std::string_view input, size_t piece) {
  std::string kept;
  for (size_t at = 0; at < input.size(); at += piece) {
    kept += input.substr(at, piece);
    Guarded bytes(kept);
    ReplyHead head;
    ReplyOutcome outcome = parse_reply_head({bytes.data(), bytes.size()}, head);
    kept.assign(bytes.data(), bytes.size());
    if (outcome.kind == Kind::need_more) continue;
    OKLO_ASSERT((outcome.kind == Kind::bad) == (outcome.reason[0] != '\0'));
    if (outcome.kind == Kind::bad) return "bad";  // Which of two faults is told may depend on the pieces.
    OKLO_ASSERT(head.size <= bytes.size() && head.status >= 100 && head.status <= 599);
    OKLO_ASSERT(head.fields.size() <= kReplyFieldsMax);
    std::string text = std::to_string(head.size) + head.view(0, head.size).data()[0];
    for (const ReplyHead::Field& field : head.fields) {
      OKLO_ASSERT(!head.name(field).empty());
      OKLO_ASSERT(head.value(field).find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
      text.append(head.name(field)).append(":").append(head.value(field)).append("\n");
    }
    return text + std::to_string(head.content_length) + (head.keep_alive ? "+" : "-");
  }
  return "more";
}

}  // namespace

// The same comes of a head in whatever pieces it comes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 20000) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string whole = parse(input, size);
  OKLO_ASSERT(parse(input, 7) == whole);
  if (size < 100) OKLO_ASSERT(parse(input, 1) == whole);
  return 0;
}
