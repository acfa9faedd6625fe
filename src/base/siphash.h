#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace oklo {

// SipHash-2-4 (Aumasson and Bernstein, 2012): without the key nobody can find texts that collide.
uint64_t siphash(const std::array<uint64_t, 2>& key, std::string_view text);

}  // namespace oklo
