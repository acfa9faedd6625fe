#include "bench/echo_reader.h"

#include <algorithm>

namespace oklo::bench {

bool ExpectedEchoes::take(std::string_view piece) {
  bool same = piece == messages_.echo(next_).substr(at_, piece.size());
  at_ += piece.size();
  return same;
}

size_t ExpectedEchoes::finish() {
  at_ = 0;
  return messages_.echo(next_++).size();
}

Step EchoReader::read(std::span<char> bytes) {
  size_t piece = std::min(bytes.size(), echoes_.left());
  if (!echoes_.take({bytes.data(), piece})) return {.kind = Step::Kind::broken, .fault = Fault::wrong_echo};
  if (echoes_.left() > 0) return {.used = piece};
  return {.kind = Step::Kind::answer, .used = piece, .length = echoes_.finish()};
}

}  // namespace oklo::bench
