#include "bench/http_reader.h"

#include <algorithm>

namespace oklo::bench {

using Framing = codec::ReplyHead::Framing;
using Outcome = codec::ReplyOutcome::Kind;

namespace {

Step broken(Fault fault) { return {.kind = Step::Kind::broken, .fault = fault}; }

}  // namespace

// A head ends with an empty line: bytes that begin with a whole one that was read before mean the same.
Outcome HttpHeads::read(std::span<char> bytes) {
  if (!bytes_.empty() && std::string_view(bytes.data(), bytes.size()).starts_with(bytes_))
    return Outcome::complete;
  codec::ReplyOutcome outcome = codec::parse_reply_head(bytes, head_);
  if (outcome.kind != Outcome::complete) return outcome.kind;
  bytes_.assign(bytes.data(), head_.size);
  last_ = {head_.size, head_.status, head_.keep_alive, head_.framing, head_.content_length, {}};
  if (!tally_field_.empty()) last_.tally_value = head_.find(tally_field_);
  return Outcome::complete;
}

void HttpReader::reset() {
  at_ = At::head;
  chunks_ = {};
}

Step HttpReader::read(std::span<char> bytes) {
  switch (at_) {
    case At::head: return read_head(bytes);
    case At::length: return read_length(bytes, 0);
    case At::chunks: return read_chunks(bytes, 0);
    case At::until_close: break;
  }
  length_ += bytes.size();
  return {.used = bytes.size()};
}

// An interim answer (RFC 9110 section 15.2) is passed over. These have no body, whatever their fields say:
// 204 and 304.
Step HttpReader::read_head(std::span<char> bytes) {
  Outcome outcome = heads_.read(bytes);
  if (outcome == Outcome::bad) return broken(Fault::bad_answer);
  if (outcome == Outcome::need_more) return {};
  const HttpHeads::Meaning& head = heads_.last();
  if (head.status == 101) return broken(Fault::bad_answer);
  if (head.status < 200) return {.kind = Step::Kind::pass, .used = head.size};
  good_ = head.status < 400;
  keep_alive_ = head.keep_alive;
  length_ = left_ = 0;
  if (head.status == 204 || head.status == 304) return answer(head.size);
  std::span<char> body = bytes.subspan(head.size);
  if (head.framing == Framing::chunked) return read_chunks(body, head.size);
  if (head.framing == Framing::length) {
    length_ = left_ = head.content_length;
    return read_length(body, head.size);
  }
  at_ = At::until_close;
  length_ = body.size();
  return {.used = bytes.size()};
}

Step HttpReader::read_length(std::span<char> bytes, size_t used) {
  at_ = At::length;
  uint64_t piece = std::min<uint64_t>(left_, bytes.size());
  left_ -= piece;
  used += static_cast<size_t>(piece);
  return left_ == 0 ? answer(used) : Step{.used = used};
}

Step HttpReader::read_chunks(std::span<char> bytes, size_t used) {
  at_ = At::chunks;
  codec::ChunkedDecoder::Progress progress = chunks_.decode(bytes);
  length_ += progress.produced;
  used += progress.consumed;
  if (progress.state == codec::ChunkedDecoder::State::bad) return broken(Fault::bad_answer);
  return progress.state == codec::ChunkedDecoder::State::done ? answer(used) : Step{.used = used};
}

Step HttpReader::answer(size_t used) {
  reset();
  return {.kind = keep_alive_ ? Step::Kind::answer : Step::Kind::last,
          .used = used,
          .good = good_,
          .fault = Fault::bad_status,
          .length = length_};
}

Step HttpReader::end() {
  if (at_ != At::until_close) return broken(Fault::closed);
  keep_alive_ = false;
  return answer(0);
}

}  // namespace oklo::bench
