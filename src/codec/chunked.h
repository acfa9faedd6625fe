#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace oklo::codec {

// Decodes a chunked body (RFC 9112 section 7.1) as it comes, in any pieces. Strict: lines end with CR LF,
// no white space where the grammar has none of its own. It belongs to the session of one connection, is
// plain bytes, and starts anew with each message.
class ChunkedDecoder {
 public:
  static constexpr size_t kExtensionBytesMax = 4096;  // of all chunks of a message
  static constexpr size_t kTrailerBytesMax = 8192;

  enum class State : uint8_t { more, done, bad };

  struct Progress {
    State state = State::more;
    uint16_t status = 0;      // with bad: the status of the answer
    size_t consumed = 0;      // all bytes with more; with done, what is behind belongs to the next message
    size_t produced = 0;      // bytes of the body, which were moved to the front
    const char* reason = "";  // with bad: a few words for the log
  };

  // Takes the next bytes. Lines of the trailer section that a trailer may have are appended to `trailers`,
  // each with its CR LF, the others are dropped; without it, all are.
  Progress decode(std::span<char> bytes, std::string* trailers = nullptr);

 private:
  enum class Step : uint8_t {
    size_start, size, size_end,
    extension_start, extension_name, value_start, value_token, quoted, quoted_pair, quoted_end,
    data, data_cr, data_lf,
    line_start, trailer_name, trailer_value, trailer_end, last_end, done, bad,
  };
  enum class Fault : uint8_t { none, size, extension, extensions_large, data_end, trailer, trailers_large };

  Fault take(char c, std::string* trailers);
  Fault take_size(char c);
  Fault take_extension(char c);
  Fault take_trailer(char c, std::string* trailers);
  Fault go(Step step);
  Fault expect(char c, char wanted, Step next, Fault fault);

  uint64_t left_ = 0;  // of the chunk
  uint16_t extension_bytes_ = 0;
  uint16_t trailer_bytes_ = 0;
  uint8_t digits_ = 0;
  Step step_ = Step::size_start;
  Fault fault_ = Fault::none;
};

// Whether a field may stand in a trailer section: none that frames or routes the message, says who asks, or
// changes how the content is to be read (RFC 9110 section 6.5.1).
bool trailer_allowed(std::string_view name);

inline constexpr size_t kChunkHeadBytesMax = 18;
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n";  // trailer lines and an empty line follow

// Writes the line in front of a chunk of `size` bytes; returns its end. Zero ends a body, see kLastChunk.
char* write_chunk_head(char* out, size_t size);

}  // namespace oklo::codec
