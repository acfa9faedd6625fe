#pragma once

#include <string>
#include <string_view>

#include "bench/reader.h"
#include "codec/chunked.h"
#include "codec/http_reply.h"

namespace oklo::bench {

// What the heads of answers mean, for all connections of a thread. Most answers have the bytes of the one
// before, which are not read again then.
class HttpHeads {
 public:
  explicit HttpHeads(std::string tally_field) : tally_field_(std::move(tally_field)) {}

  struct Meaning {
    size_t size = 0;  // of the head
    uint16_t status = 0;
    bool keep_alive = true;
    codec::ReplyHead::Framing framing = codec::ReplyHead::Framing::length;
    uint64_t content_length = 0;
    std::string tally_value;
  };

  // complete: last() has it.
  codec::ReplyOutcome::Kind read(std::span<char> bytes);
  const Meaning& last() const { return last_; }

 private:
  std::string tally_field_;
  codec::ReplyHead head_;
  std::string bytes_;  // of the last head
  Meaning last_;
};

// Answers to GET (RFC 9112 section 6.3).
class HttpReader final : public Reader {
 public:
  explicit HttpReader(HttpHeads& heads) : heads_(heads) {}

  Step read(std::span<char> bytes) override;
  Step end() override;
  void reset() override;
  std::string_view tally_value() const override { return heads_.last().tally_value; }

 private:
  enum class At : uint8_t { head, length, chunks, until_close };

  Step read_head(std::span<char> bytes);
  Step read_length(std::span<char> bytes, size_t used);
  Step read_chunks(std::span<char> bytes, size_t used);
  Step answer(size_t used);

  HttpHeads& heads_;
  At at_ = At::head;
  bool good_ = true;
  bool keep_alive_ = true;
  uint64_t left_ = 0;  // of a body with a length
  uint64_t length_ = 0;
  codec::ChunkedDecoder chunks_;
};

}  // namespace oklo::bench
