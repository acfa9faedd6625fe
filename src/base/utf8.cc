#include "base/utf8.h"

#include <array>
#include <cstring>

namespace oklo {
namespace {

// What the next byte may be. The value of a state is its place in a row of the table below; the first one
// stands for a text that may end.
enum State : uint8_t {
  kStart = 0,
  kBad = 6,
  kOneMore = 12,         // a byte 80..bf ends the sequence
  kTwoMore = 18,
  kThreeMore = 24,
  kNoOverlong3 = 30,     // behind e0: a0..bf
  kNoSurrogate = 36,     // behind ed: 80..9f
  kNoOverlong4 = 42,     // behind f0: 90..bf
  kNotAbove10ffff = 48,  // behind f4: 80..8f
};
constexpr State kStates[] = {kStart,       kBad,         kOneMore,     kTwoMore,       kThreeMore,
                             kNoOverlong3, kNoSurrogate, kNoOverlong4, kNotAbove10ffff};

// RFC 3629 section 4.
constexpr State after_start(unsigned byte) {
  if (byte < 0x80) return kStart;
  if (byte < 0xc2 || byte > 0xf4) return kBad;
  if (byte < 0xe0) return kOneMore;
  if (byte == 0xe0) return kNoOverlong3;
  if (byte == 0xed) return kNoSurrogate;
  if (byte < 0xf0) return kTwoMore;
  if (byte == 0xf0) return kNoOverlong4;
  return byte == 0xf4 ? kNotAbove10ffff : kThreeMore;
}

constexpr State after(State state, unsigned byte) {
  auto within = [byte](unsigned low, unsigned high, State next) {
    return byte >= low && byte <= high ? next : kBad;
  };
  switch (state) {
    case kStart: return after_start(byte);
    case kBad: return kBad;
    case kOneMore: return within(0x80, 0xbf, kStart);
    case kTwoMore: return within(0x80, 0xbf, kOneMore);
    case kThreeMore: return within(0x80, 0xbf, kTwoMore);
    case kNoOverlong3: return within(0xa0, 0xbf, kOneMore);
    case kNoSurrogate: return within(0x80, 0x9f, kOneMore);
    case kNoOverlong4: return within(0x90, 0xbf, kTwoMore);
    case kNotAbove10ffff: return within(0x80, 0x8f, kTwoMore);
  }
  return kBad;
}

// For each byte, in six bits a state, the state that follows: a step is one load and one shift.
constexpr std::array<uint64_t, 256> kRows = [] {
  std::array<uint64_t, 256> rows{};
  for (unsigned byte = 0; byte < 256; byte++)
    for (State state : kStates) rows[byte] |= static_cast<uint64_t>(after(state, byte)) << state;
  return rows;
}();

constexpr uint64_t kHighBits = 0x8080808080808080;

uint64_t load(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Only the low six bits of a state count; what stands above them falls away with the next shift.
uint64_t step(uint64_t state, char c) { return kRows[static_cast<unsigned char>(c)] >> (state & 63); }

// Passes over whole words of ASCII.
const char* skip_ascii(const char* at, const char* end) {
  while (end - at >= 32) {
    if (((load(at) | load(at + 8) | load(at + 16) | load(at + 24)) & kHighBits) != 0) break;
    at += 32;
  }
  while (end - at >= 8 && (load(at) & kHighBits) == 0) at += 8;
  return at;
}

}  // namespace

bool Utf8Validator::feed(std::string_view piece) {
  const char* at = piece.data();
  const char* end = at + piece.size();
  uint64_t state = state_;
  while (end - at >= 8) {
    if ((state & 63) == kStart) {
      at = skip_ascii(at, end);
      if (end - at < 8) break;
    }
    state = step(step(step(step(state, at[0]), at[1]), at[2]), at[3]);
    state = step(step(step(step(state, at[4]), at[5]), at[6]), at[7]);
    at += 8;
    if ((state & 63) == kBad) at = end;
  }
  while (at < end) state = step(state, *at++);
  state_ = static_cast<uint8_t>(state & 63);
  return state_ != kBad;
}

// Most texts are ASCII.
bool valid_utf8(std::string_view text) {
  if (skip_ascii(text.data(), text.data() + text.size()) == text.data() + text.size()) return true;
  Utf8Validator validator;
  validator.feed(text);
  return validator.finish();
}

}  // namespace oklo
