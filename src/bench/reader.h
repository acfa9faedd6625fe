#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bench/fault.h"

namespace oklo::bench {

// What stood at the front of some bytes of a server.
struct Step {
  enum class Kind : uint8_t {
    more,    // no whole answer; bytes that were not used are to come again, with more behind them
    ready,   // the greeting is answered: requests may follow
    pass,    // something that is no answer
    answer,
    last,    // an answer, and there will be no other on this connection
    broken,  // nothing more can be read
  };
  Kind kind = Kind::more;
  size_t used = 0;     // bytes
  bool good = true;    // of an answer
  Fault fault = {};    // of what is broken, or not good
  uint64_t length = 0;  // of an answer: bytes of its body
};

// Tells apart what comes over one connection, and judges it.
class Reader {
 public:
  virtual ~Reader() = default;

  // Takes from the front. Unused are at most kUnusedMax bytes.
  virtual Step read(std::span<char> bytes) = 0;
  // The server has ended the stream: an answer that goes to the end is whole now.
  virtual Step end() { return {.kind = Step::Kind::broken, .fault = Fault::closed}; }
  // From here on it reads another connection.
  virtual void reset() = 0;
  // The value of the field that the plan wants counted, of the last answer.
  virtual std::string_view tally_value() const { return {}; }
  // What must be sent now for what was read, as an answer to a ping; once.
  virtual std::string take_reply() { return {}; }

  static constexpr size_t kUnusedMax = 16 * 1024;
};

}  // namespace oklo::bench
