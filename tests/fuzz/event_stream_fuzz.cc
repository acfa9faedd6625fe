#include "codec/event_stream.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "codec/event_stream_reader.h"

using namespace oklo::codec;

namespace {

// The line breaks of a text as a client hands them over.
std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out.push_back(text[i] == '\r' ? '\n' : text[i]);
  }
  return out;
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

}  // namespace

// Two bytes say how long name and id are, the rest is data: the client sees that event and no other.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::string_view name = input.substr(0, data[0] % 16);
  input.remove_prefix(name.size());
  std::string_view id = input.substr(0, data[1] % 16);
  input.remove_prefix(id.size());
  std::string stream;
  if (!append_event(stream, {input, name, id, data[0]})) {
    OKLO_ASSERT(stream.empty() && !(is_one_line(name) && is_one_line(id)));
    return 0;
  }
  EventStreamReader reader;
  reader.read(stream);
  OKLO_ASSERT(reader.faults == 0 && reader.data.empty() && reader.id == id);
  OKLO_ASSERT(reader.retry_ms == (data[0] ? data[0] : -1));
  bool only_sets = input.empty() && name.empty() && (!id.empty() || data[0]);
  OKLO_ASSERT(reader.seen.size() == (only_sets ? 0 : 1));
  if (only_sets) return 0;
  OKLO_ASSERT(reader.seen[0].name == (name.empty() ? "message" : name));
  OKLO_ASSERT(reader.seen[0].data == with_line_feeds(input));
  return 0;
}
