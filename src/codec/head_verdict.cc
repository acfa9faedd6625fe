#include "codec/head_verdict.h"

namespace oklo::codec {
namespace {

struct Refusal {
  uint16_t status;
  const char* reason;
};

// In the order of Verdict.
constexpr Refusal kRefusals[] = {
    {0, ""},
    {0, ""},
    {400, "too many empty lines before the request"},
    {400, "line does not end in CR LF"},
    {400, "bad method"},
    {501, "unknown method"},
    {400, "bad request target"},
    {414, "request line too long"},
    {400, "bad HTTP version"},
    {505, "HTTP version not supported"},
    {400, "white space before the first field"},
    {400, "folded field"},
    {400, "bad field name"},
    {400, "bad field value"},
    {431, "fields too large"},
    {431, "too many fields"},
    {400, "repeated field"},
    {400, "no Host"},
    {400, "bad Host"},
    {400, "bad Content-Length"},
    {400, "Content-Length with Transfer-Encoding"},
    {400, "bad Transfer-Encoding"},
    {400, "Transfer-Encoding in HTTP/1.0"},
    {501, "unknown transfer coding"},
    {417, "unknown expectation"},
};

}  // namespace

ParseOutcome outcome_of(Verdict verdict) {
  if (verdict == Verdict::fine) return {ParseOutcome::Kind::complete, 0, ""};
  if (verdict == Verdict::more) return {ParseOutcome::Kind::need_more, 0, ""};
  const Refusal& refusal = kRefusals[static_cast<size_t>(verdict)];
  return {ParseOutcome::Kind::bad, refusal.status, refusal.reason};
}

}  // namespace oklo::codec
