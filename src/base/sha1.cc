#include "base/sha1.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace oklo {
namespace {

constexpr size_t kLengthBytes = 8;

uint32_t load_big_endian(const char* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return std::endian::native == std::endian::big ? word : __builtin_bswap32(word);
}

template <class Word>
void store_big_endian(char* out, Word word) {
  for (size_t i = 0; i < sizeof word; i++) out[i] = static_cast<char>(word >> 8 * (sizeof word - 1 - i));
}

// The function of the rounds t to t + 19 with their constant (FIPS 180-4 sections 4.1.1 and 4.2.1).
template <int t>
uint32_t mix(uint32_t b, uint32_t c, uint32_t d) {
  if constexpr (t == 0) return (d ^ (b & (c ^ d))) + 0x5a827999;
  if constexpr (t == 20) return (b ^ c ^ d) + 0x6ed9eba1;
  if constexpr (t == 40) return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

using State = std::array<uint32_t, 5>;

// Twenty rounds (FIPS 180-4 section 6.1.2, step 3).
template <int t>
void twenty_rounds(State& state, const uint32_t* words) {
  auto [a, b, c, d, e] = state;
  for (int i = t; i < t + 20; i++) {
    uint32_t next = std::rotl(a, 5) + mix<t>(b, c, d) + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state = {a, b, c, d, e};
}

}  // namespace

void Sha1::take_block(const char* block) {
  uint32_t words[80];
  for (int t = 0; t < 16; t++) words[t] = load_big_endian(block + 4 * t);
  for (int t = 16; t < 80; t++)
    words[t] = std::rotl(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
  State state = state_;
  twenty_rounds<0>(state, words);
  twenty_rounds<20>(state, words);
  twenty_rounds<40>(state, words);
  twenty_rounds<60>(state, words);
  for (size_t i = 0; i < state.size(); i++) state_[i] += state[i];
}

void Sha1::add(std::string_view bytes) {
  size_t filled = size_ % kBlock;
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (filled == 0 && bytes.size() >= kBlock) {
      take_block(bytes.data());
      bytes.remove_prefix(kBlock);
      continue;
    }
    size_t part = std::min(kBlock - filled, bytes.size());
    std::copy_n(bytes.data(), part, block_.data() + filled);
    bytes.remove_prefix(part);
    filled += part;
    if (filled < kBlock) return;
    take_block(block_.data());
    filled = 0;
  }
}

// FIPS 180-4 section 5.1.1: a bit, zeros, and the length in bits end the last block.
Sha1::Digest Sha1::finish() {
  char length[kLengthBytes];
  store_big_endian(length, size_ * 8);
  static constexpr char kPadding[kBlock] = {'\x80'};
  size_t filled = size_ % kBlock;
  size_t last = filled < kBlock - kLengthBytes ? kBlock : 2 * kBlock;
  add({kPadding, last - kLengthBytes - filled});
  add({length, kLengthBytes});
  Digest digest;
  for (size_t i = 0; i < state_.size(); i++) store_big_endian(digest.data() + 4 * i, state_[i]);
  return digest;
}

Sha1::Digest sha1(std::string_view bytes) {
  Sha1 hash;
  hash.add(bytes);
  return hash.finish();
}

}  // namespace oklo
