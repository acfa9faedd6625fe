#include "codec/websocket_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/assert.h"
#include "base/utf8.h"
#include "codec/characters.h"

namespace oklo::codec {
namespace {

// In the order of FrameVerdict.
constexpr FrameRefusal kRefusals[] = {
    {},
    {},
    {kCloseProtocolError, "reserved bit set"},
    {kCloseProtocolError, "reserved opcode"},
    {kCloseProtocolError, "fragmented control frame"},
    {kCloseProtocolError, "control frame too large"},
    {kCloseProtocolError, "masked frame from a server"},
    {kCloseProtocolError, "unmasked frame from a client"},
    {kCloseProtocolError, "payload size not minimal"},
    {kCloseProtocolError, "payload size above 63 bits"},
    {kCloseProtocolError, "close frame of one byte"},
    {kCloseProtocolError, "bad close code"},
    {kCloseBadText, "close reason is not UTF-8"},
};
static_assert(std::size(kRefusals) == static_cast<size_t>(FrameVerdict::close_text) + 1);

constexpr unsigned kFin = 0x80;
constexpr unsigned kReserved = 0x70;
constexpr unsigned kOpcode = 0x0f;
constexpr unsigned kControl = 0x08;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kSize = 0x7f;
constexpr unsigned kSize16 = 126;  // two bytes of payload size follow
constexpr unsigned kSize64 = 127;  // eight bytes follow

constexpr FrameVerdict judge_first_byte(unsigned first) {
  if (first & kReserved) return FrameVerdict::reserved_bit;
  unsigned opcode = first & kOpcode;
  if (opcode > 10 || (opcode > 2 && opcode < kControl)) return FrameVerdict::reserved_opcode;
  return opcode >= kControl && !(first & kFin) ? FrameVerdict::control_fragmented : FrameVerdict::fine;
}

constexpr std::array<FrameVerdict, 256> kFirstBytes = [] {
  std::array<FrameVerdict, 256> verdicts{};
  for (unsigned byte = 0; byte < 256; byte++) verdicts[byte] = judge_first_byte(byte);
  return verdicts;
}();

unsigned byte_at(std::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

// Two bytes, the high one first.
unsigned pair_at(std::string_view bytes, size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

// Reads the payload size that stands behind the second byte, in two or eight bytes.
FrameVerdict read_size(std::string_view bytes, bool long_size, uint64_t& size) {
  size = long_size ? __builtin_bswap64(load_word(bytes.data() + 2)) : pair_at(bytes, 2);
  if (size >> 63) return FrameVerdict::size_huge;
  return size < (long_size ? 0x10000 : kSize16) ? FrameVerdict::size_not_minimal : FrameVerdict::fine;
}

// Writes `value` in `bytes` bytes; returns the end.
char* write_big_endian(char* out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i > 0; i--, value >>= 8) out[i - 1] = static_cast<char>(value);
  return out + bytes;
}

// As a word in memory, turned so that its byte number `by` comes first.
uint32_t turned(FrameMask mask, size_t by) {
  uint32_t word;
  std::memcpy(&word, mask.data(), sizeof word);
  int bits = static_cast<int>(by % 4 * 8);
  return std::endian::native == std::endian::big ? std::rotl(word, bits) : std::rotr(word, bits);
}

// Fills a word, which may be a vector, with copies of the mask.
template <class Word>
void repeat(uint32_t mask, Word& word) {
  uint32_t copies[sizeof word / sizeof mask];
  std::fill(std::begin(copies), std::end(copies), mask);
  std::memcpy(&word, copies, sizeof word);
}

template <class Word>
void mask_word(char* at, const Word& mask) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  word ^= mask;
  std::memcpy(at, &word, sizeof word);
}

// Masks [at, end), which is one or two words long. Where these overlap, the last one is read before the
// first one is written.
template <class Word>
void mask_ends(char* at, char* end, uint32_t front, uint32_t back) {
  Word first_mask, last_mask, last;
  repeat(front, first_mask);
  repeat(back, last_mask);
  std::memcpy(&last, end - sizeof last, sizeof last);
  last ^= last_mask;
  mask_word(at, first_mask);
  std::memcpy(end - sizeof last, &last, sizeof last);
}

// The longest front that is UTF-8.
std::string_view valid_front(std::string_view text) {
  Utf8Validator validator;
  size_t valid = 0;
  for (size_t i = 0; i < text.size() && validator.feed(text.substr(i, 1)); i++)
    if (validator.finish()) valid = i + 1;
  return text.substr(0, valid);
}

}  // namespace

FrameRefusal refusal_of(FrameVerdict verdict) { return kRefusals[static_cast<size_t>(verdict)]; }

FrameVerdict parse_frame_header(std::string_view bytes, FrameReader reader, FrameHeader& out) {
  if (bytes.empty()) return FrameVerdict::more;
  unsigned first = byte_at(bytes, 0);
  if (kFirstBytes[first] != FrameVerdict::fine) return kFirstBytes[first];
  if (bytes.size() < 2) return FrameVerdict::more;
  unsigned second = byte_at(bytes, 1);
  bool masked = second & kMasked;
  bool from_client = reader == FrameReader::server;
  if (masked != from_client) return masked ? FrameVerdict::masked : FrameVerdict::unmasked;

  unsigned small = second & kSize;
  out.payload_size = small;
  size_t mask_at = 2;
  if (small >= kSize16) [[unlikely]] {
    if (first & kControl) return FrameVerdict::control_large;
    mask_at = small == kSize16 ? 4 : 10;
    if (bytes.size() < mask_at) return FrameVerdict::more;
    FrameVerdict verdict = read_size(bytes, small == kSize64, out.payload_size);
    if (verdict != FrameVerdict::fine) return verdict;
  }
  size_t header_size = mask_at + (masked ? sizeof out.mask : 0);
  if (bytes.size() < header_size) return FrameVerdict::more;
  if (masked) std::memcpy(out.mask.data(), bytes.data() + mask_at, sizeof out.mask);
  out.opcode = static_cast<FrameOpcode>(first & kOpcode);
  out.fin = first & kFin;
  out.masked = masked;
  out.header_size = static_cast<uint8_t>(header_size);
  return FrameVerdict::fine;
}

char* write_frame_header(char* out, const FrameHeader& header) {
  unsigned masked = header.masked ? kMasked : 0;
  *out++ = static_cast<char>(static_cast<unsigned>(header.opcode) | (header.fin ? kFin : 0));
  if (header.payload_size < kSize16) {
    *out++ = static_cast<char>(masked | header.payload_size);
  } else if (header.payload_size <= 0xffff) {
    *out++ = static_cast<char>(masked | kSize16);
    out = write_big_endian(out, header.payload_size, 2);
  } else {
    *out++ = static_cast<char>(masked | kSize64);
    out = write_big_endian(out, header.payload_size, 8);
  }
  return masked ? std::copy(header.mask.begin(), header.mask.end(), out) : out;
}

void apply_mask(std::span<char> piece, FrameMask mask, uint64_t offset) {
  char* at = piece.data();
  char* end = at + piece.size();
  size_t phase = static_cast<size_t>(offset % 4);
  if (piece.size() < 4) {
    for (; at < end; at++) *at = static_cast<char>(*at ^ mask[phase++ % 4]);
    return;
  }
  uint32_t front = turned(mask, phase);
  uint32_t back = turned(mask, phase + piece.size());
  if (piece.size() <= 8) return mask_ends<uint32_t>(at, end, front, back);
  if (piece.size() <= 16) return mask_ends<uint64_t>(at, end, front, back);
  Characters wide;
  repeat(front, wide);
  for (; end - at > 32; at += 16) mask_word(at, wide);
  mask_ends<Characters>(at, end, front, back);
}

FrameVerdict parse_close_payload(std::string_view payload, CloseReason& out) {
  out = {};
  if (payload.empty()) return FrameVerdict::fine;
  if (payload.size() == 1) return FrameVerdict::close_short;
  out.code = static_cast<uint16_t>(pair_at(payload, 0));
  out.text = payload.substr(2);
  if (!valid_close_code(out.code)) return FrameVerdict::close_code;
  return valid_utf8(out.text) ? FrameVerdict::fine : FrameVerdict::close_text;
}

char* write_close_payload(char* out, const CloseReason& reason) {
  if (reason.code == kCloseNoStatus) return out;
  OKLO_ASSERT(valid_close_code(reason.code));
  out = write_big_endian(out, reason.code, 2);
  std::string_view text = valid_front(reason.text.substr(0, kControlPayloadMax - 2));
  return std::copy(text.begin(), text.end(), out);
}

}  // namespace oklo::codec
