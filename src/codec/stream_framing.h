#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <oklo/framing.h>

namespace oklo::codec {

// What is wrong with the options, as a sentence for whoever wrote them, or nullptr.
const char* framing_fault(const StreamFraming& framing);

// The message at the front of some bytes of a stream.
struct FramedMessage {
  enum class State : uint8_t { need_more, complete, too_long, bad };

  State state = State::need_more;
  size_t size = 0;          // of the whole message; with need_more 0 where it is not known yet
  size_t payload_at = 0;    // with complete
  size_t payload_size = 0;  // with complete
  size_t scanned = 0;       // with need_more: so many bytes need not be looked at again
};

// Looks for a message at the front of `bytes`. The options must be without fault. Who comes again with the
// same bytes and more behind them hands in what was scanned the last time: so no byte is searched twice,
// however small the pieces are. What is too long or bad stays so: such a stream can't be read on.
FramedMessage find_message(const StreamFraming& framing, std::string_view bytes, size_t scanned = 0);

}  // namespace oklo::codec
