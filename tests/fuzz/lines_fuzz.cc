#include "codec/lines.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

using State = StreamLine::State;

// All lines of a stream that comes in pieces of that size, and what is left.
std::string cut(std::string_view stream, size_t bytes_max, size_t piece) {
  std::string lines;
  size_t begin = 0, scanned = 0;
  for (size_t end = std::min(piece, stream.size());; end = std::min(end + piece, stream.size())) {
    for (;;) {
      Guarded bytes(stream.substr(begin, end - begin));
      StreamLine line = find_line(bytes.view(), bytes_max, scanned);
      OKLO_ASSERT(scanned <= bytes.size() && line.all <= bytes.size());
      if (line.state == State::too_long) return lines + "too long";
      if (line.state == State::unfinished) break;
      OKLO_ASSERT(line.size <= bytes_max && line.size < line.all && bytes.data()[line.all - 1] == '\n');
      lines.append(bytes.view().substr(0, line.size)).append("\n");
      begin += line.all;
      scanned = 0;
    }
    if (end == stream.size()) return lines.append(stream.substr(begin));
  }
}

// The same in the plain way.
std::string plain(std::string_view stream, size_t bytes_max) {
  std::string lines;
  while (stream.find('\n') != stream.npos) {
    std::string_view line = take_line(stream);
    if (line.size() > bytes_max) return lines + "too long";
    lines.append(line).append("\n");
  }
  bool too_long = stream.size() - stream.ends_with('\r') > bytes_max;
  return lines.append(too_long ? "too long" : stream);
}

}  // namespace

// The first byte says how long a line may be. The same lines come out in whatever pieces the stream comes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  size_t bytes_max = data[0] % 64;
  std::string wanted = plain(stream, bytes_max);
  for (size_t piece : {std::max<size_t>(stream.size(), 1), size_t{1}, size_t{7}})
    OKLO_ASSERT(cut(stream, bytes_max, piece) == wanted);
  return 0;
}
