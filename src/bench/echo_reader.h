#pragma once

#include "bench/messages.h"
#include "bench/reader.h"

namespace oklo::bench {

// The messages of one connection, which are to come back in their order, in pieces of any size.
class ExpectedEchoes {
 public:
  // first: which message the connection begins with.
  ExpectedEchoes(const Messages& messages, size_t first) : messages_(messages), first_(first), next_(first) {}

  // Whether the bytes are the next ones of the message that is under way.
  bool take(std::string_view piece);
  size_t left() const { return messages_.echo(next_).size() - at_; }
  // The next message begins; the size of the one that has ended.
  size_t finish();
  void reset() { next_ = first_, at_ = 0; }

 private:
  const Messages& messages_;
  size_t first_;
  size_t next_;
  size_t at_ = 0;  // in that message
};

// A stream that is sent back as it is.
class EchoReader final : public Reader {
 public:
  EchoReader(const Messages& messages, size_t first) : echoes_(messages, first) {}

  Step read(std::span<char> bytes) override;
  void reset() override { echoes_.reset(); }

 private:
  ExpectedEchoes echoes_;
};

}  // namespace oklo::bench
