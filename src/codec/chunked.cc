#include "codec/chunked.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/ascii.h"
#include "codec/characters.h"

namespace oklo::codec {
namespace {

static_assert(sizeof(ChunkedDecoder) <= 24 && std::is_trivially_copyable_v<ChunkedDecoder>);

constexpr int kDigitsMax = 16;
constexpr uint64_t kSizeMax = 0x7fffffffffffffff;

struct Refusal {
  uint16_t status;
  const char* reason;
};

// In the order of Fault.
constexpr Refusal kRefusals[] = {
    {0, ""},
    {400, "bad chunk size"},
    {400, "bad chunk extension"},
    {400, "chunk extensions too large"},
    {400, "chunk does not end in CR LF"},
    {400, "bad trailer field"},
    {431, "trailer section too large"},
};

// In small letters.
constexpr std::string_view kForbidden[] = {
    "authorization",     "cache-control",       "connection",        "content-encoding",
    "content-length",    "content-range",       "content-type",      "cookie",
    "expect",            "host",                "if-match",          "if-modified-since",
    "if-none-match",     "if-range",            "if-unmodified-since", "keep-alive",
    "max-forwards",      "pragma",              "proxy-authorization", "proxy-connection",
    "range",             "set-cookie",          "te",                "trailer",
    "transfer-encoding", "upgrade",
};

// Takes the last line away again where its field is none for a trailer section.
void drop_forbidden(std::string& lines) {
  size_t start = lines.size() < 3 ? 0 : lines.rfind('\n', lines.size() - 2) + 1;
  std::string_view line = std::string_view(lines).substr(start);
  if (!trailer_allowed(line.substr(0, line.find(':')))) lines.resize(start);
}

}  // namespace

ChunkedDecoder::Progress ChunkedDecoder::decode(std::span<char> bytes, std::string* trailers) {
  Progress progress;
  char* out = bytes.data();
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  while (at < end && step_ != Step::done && fault_ == Fault::none) {
    if (step_ != Step::data) {
      fault_ = take(*at++, trailers);
      continue;
    }
    size_t part = static_cast<size_t>(std::min<uint64_t>(left_, static_cast<uint64_t>(end - at)));
    if (out != at) std::memmove(out, at, part);
    out += part;
    at += part;
    left_ -= part;
    if (left_ == 0) step_ = Step::data_cr;
  }
  progress.consumed = static_cast<size_t>(at - bytes.data());
  progress.produced = static_cast<size_t>(out - bytes.data());
  if (step_ == Step::done) progress.state = State::done;
  if (fault_ == Fault::none) return progress;
  progress.state = State::bad;
  progress.status = kRefusals[static_cast<size_t>(fault_)].status;
  progress.reason = kRefusals[static_cast<size_t>(fault_)].reason;
  return progress;
}

ChunkedDecoder::Fault ChunkedDecoder::go(Step step) {
  step_ = step;
  return Fault::none;
}

ChunkedDecoder::Fault ChunkedDecoder::expect(char c, char wanted, Step next, Fault fault) {
  return c == wanted ? go(next) : fault;
}

// One byte of what is not content.
ChunkedDecoder::Fault ChunkedDecoder::take(char c, std::string* trailers) {
  switch (step_) {
    case Step::size_start:
    case Step::size:
      return take_size(c);
    case Step::size_end:
      digits_ = 0;
      return expect(c, '\n', left_ > 0 ? Step::data : Step::line_start, Fault::size);
    case Step::data_cr:
      return expect(c, '\r', Step::data_lf, Fault::data_end);
    case Step::data_lf:
      return expect(c, '\n', Step::size_start, Fault::data_end);
    case Step::line_start:
    case Step::trailer_name:
    case Step::trailer_value:
    case Step::trailer_end:
    case Step::last_end:
      return take_trailer(c, trailers);
    default:
      return take_extension(c);
  }
}

ChunkedDecoder::Fault ChunkedDecoder::take_size(char c) {
  int value = hex_value(c);
  if (value >= 0) {
    if (digits_ == kDigitsMax || left_ > kSizeMax >> 4) return Fault::size;
    digits_++;
    left_ = left_ << 4 | static_cast<uint64_t>(value);
    return go(Step::size);
  }
  if (step_ == Step::size_start) return Fault::size;
  if (c == '\r') return go(Step::size_end);
  return c == ';' ? go(Step::extension_start) : Fault::size;
}

// RFC 9112 section 7.1.1, without white space around ';' and '='.
ChunkedDecoder::Fault ChunkedDecoder::take_extension(char c) {
  if (++extension_bytes_ > kExtensionBytesMax) return Fault::extensions_large;
  bool token = is_token_char(c);
  switch (step_) {
    case Step::extension_start:
      return token ? go(Step::extension_name) : Fault::extension;
    case Step::extension_name:
      if (token) return Fault::none;
      if (c == '=') return go(Step::value_start);
      break;
    case Step::value_start:
      if (c == '"') return go(Step::quoted);
      return token ? go(Step::value_token) : Fault::extension;
    case Step::value_token:
      if (token) return Fault::none;
      break;
    case Step::quoted:
      if (c == '"') return go(Step::quoted_end);
      if (c == '\\') return go(Step::quoted_pair);
      return is_value_char(c) ? Fault::none : Fault::extension;
    case Step::quoted_pair:
      return is_value_char(c) ? go(Step::quoted) : Fault::extension;
    default:
      break;
  }
  if (c == '\r') return go(Step::size_end);
  return c == ';' ? go(Step::extension_start) : Fault::extension;
}

ChunkedDecoder::Fault ChunkedDecoder::take_trailer(char c, std::string* trailers) {
  if (++trailer_bytes_ > kTrailerBytesMax) return Fault::trailers_large;
  if (step_ == Step::last_end) return expect(c, '\n', Step::done, Fault::trailer);
  if (step_ == Step::line_start && c == '\r') return go(Step::last_end);
  if (trailers) trailers->push_back(c);
  switch (step_) {
    case Step::line_start:
      return is_token_char(c) ? go(Step::trailer_name) : Fault::trailer;
    case Step::trailer_name:
      if (c == ':') return go(Step::trailer_value);
      return is_token_char(c) ? Fault::none : Fault::trailer;
    case Step::trailer_value:
      if (c == '\r') return go(Step::trailer_end);
      return is_value_char(c) ? Fault::none : Fault::trailer;
    default:
      if (c == '\n' && trailers) drop_forbidden(*trailers);
      return expect(c, '\n', Step::line_start, Fault::trailer);
  }
}

bool trailer_allowed(std::string_view name) {
  for (std::string_view forbidden : kForbidden)
    if (equal_ignoring_case(name, forbidden)) return false;
  return true;
}

char* write_chunk_head(char* out, size_t size) {
  int shift = 0;
  while (shift + 4 < static_cast<int>(8 * sizeof size) && size >> (shift + 4) != 0) shift += 4;
  for (; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[size >> shift & 15];
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

}  // namespace oklo::codec
