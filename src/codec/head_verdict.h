#pragma once

#include <cstdint>

#include "codec/http_request.h"

namespace oklo::codec {

// What can be said of a request head: it is fine, more bytes are needed, or why it is refused.
enum class Verdict : uint8_t {
  fine, more,
  empty_lines, line_end, method, method_unknown, target, line_long, version, version_unknown,
  first_blank, fold, name, value, fields_large, fields_many, repeated,
  host_missing, host, length, length_and_coding, coding, coding_old, coding_unknown, expectation,
};

// With the status and the words that go with it.
ParseOutcome outcome_of(Verdict verdict);

}  // namespace oklo::codec
