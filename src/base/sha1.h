#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace oklo {

// SHA-1 (FIPS 180-4 section 6.1) of bytes that come in any pieces. It proves no origin, for collisions are
// known; protocols that ask for it, as WebSocket does, use it as a mere check.
class Sha1 {
 public:
  using Digest = std::array<char, 20>;

  void add(std::string_view bytes);

  // The digest of all that was added. Nothing can be added after it.
  Digest finish();

 private:
  static constexpr size_t kBlock = 64;

  void take_block(const char* block);

  std::array<uint32_t, 5> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint64_t size_ = 0;
  std::array<char, kBlock> block_;  // the last size_ % kBlock bytes
};

Sha1::Digest sha1(std::string_view bytes);

}  // namespace oklo
