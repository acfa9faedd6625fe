#pragma once

#include <cstdint>
#include <string_view>

#include "codec/http_request.h"

namespace oklo::codec {

// What tells one state of a resource from another: its entity tag as it is sent, with quotes (empty:
// none), and when it was modified, in seconds since 1970.
struct Validators {
  std::string_view etag;
  int64_t modified_s = 0;
};

enum class Precondition : uint8_t {
  proceed,
  not_modified,  // 304
  failed,        // 412
};

// Whether the request has any of the four fields that check_conditions looks at.
bool has_conditions(const RequestHead& head);

// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110
// section 13.2.2. A date that is invalid counts as absent; a list that is malformed ends at the fault.
// `now_s` is only needed to read dates with years of two digits.
Precondition check_conditions(const RequestHead& head, const Validators& current, int64_t now_s);

// Whether If-Range, where there is one, lets the Range field count (RFC 9110 section 13.1.5).
bool range_applies(const RequestHead& head, const Validators& current, int64_t now_s);

}  // namespace oklo::codec
