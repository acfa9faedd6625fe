#pragma once

#include <cstddef>
#include <cstring>

namespace oklo {

// Copies of up to so many bytes are made without a loop and without a call.
inline constexpr size_t kCopyShortMax = 64;

// Two pieces of a fixed size, which overlap where there are fewer bytes than both have.
template <size_t kPiece>
inline void copy_ends(char* to, const char* from, size_t size) {
  char first[kPiece], last[kPiece];
  std::memcpy(first, from, kPiece);
  std::memcpy(last, from + size - kPiece, kPiece);
  std::memcpy(to, first, kPiece);
  std::memcpy(to + size - kPiece, last, kPiece);
}

// As memcpy(3), for at most kCopyShortMax bytes.
inline void copy_short(char* to, const char* from, size_t size) {
  if (size > 32) {
    copy_ends<16>(to, from, 32);
    copy_ends<16>(to + size - 32, from + size - 32, 32);
  } else if (size >= 16) copy_ends<16>(to, from, size);
  else if (size >= 8) copy_ends<8>(to, from, size);
  else if (size >= 4) copy_ends<4>(to, from, size);
  else
    for (size_t i = 0; i < size; i++) to[i] = from[i];
}

}  // namespace oklo
