#include "codec/chunked.h"

#include <cstdint>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

using State = ChunkedDecoder::State;

struct Outcome {
  State state = State::more;
  uint16_t status = 0;
  size_t consumed = 0;
  std::string body;
  std::string trailers;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view input, size_t piece_size) {
  ChunkedDecoder decoder;
  Outcome outcome;
  while (outcome.state == State::more && outcome.consumed < input.size()) {
    Guarded piece(input.substr(outcome.consumed, piece_size));
    ChunkedDecoder::Progress progress = decoder.decode({piece.data(), piece.size()}, &outcome.trailers);
    OKLO_ASSERT(progress.produced <= progress.consumed && progress.consumed <= piece.size());
    OKLO_ASSERT(progress.state != State::more || progress.consumed == piece.size());
    OKLO_ASSERT((progress.state == State::bad) == (progress.status >= 400));
    outcome.state = progress.state;
    outcome.status = progress.status;
    outcome.consumed += progress.consumed;
    outcome.body.append(piece.data(), progress.produced);
  }
  return outcome;
}

}  // namespace

// The same comes out in whatever pieces the bytes come, and a body that ended can be written again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Outcome whole = decode(input, size);
  OKLO_ASSERT(decode(input, 1) == whole);
  OKLO_ASSERT(decode(input, 7) == whole);
  if (whole.state != State::done) return 0;
  char head[kChunkHeadBytesMax];
  std::string again;
  if (!whole.body.empty())
    again.append(head, write_chunk_head(head, whole.body.size())).append(whole.body).append(kChunkEnd);
  again.append(kLastChunk).append(whole.trailers).append("\r\n");
  Outcome second = decode(again, again.size());
  OKLO_ASSERT(second.state == State::done && second.consumed == again.size());
  OKLO_ASSERT(second.body == whole.body && second.trailers == whole.trailers);
  return 0;
}
