#pragma once

#include <cstdint>

#include "codec/head_verdict.h"
#include "codec/http_request.h"

namespace oklo::codec {

constexpr uint32_t field_bit(FieldId id) { return uint32_t{1} << static_cast<unsigned>(id); }

// Which known fields a head has, and which of them in more than one line, as sets of field_bit.
struct SeenFields {
  uint32_t seen = 0;
  uint32_t repeated = 0;
};

// Reads from the fields of a head, whose lines are in place, what they say about the message and the
// connection, or refuses it.
Verdict read_meaning(RequestHead& head, SeenFields fields);

}  // namespace oklo::codec
