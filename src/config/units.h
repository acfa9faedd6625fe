#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oklo::config {

// Bytes from "512", "64k", "1M" or "4G": powers of 1024.
std::optional<uint64_t> parse_size(std::string_view text);
// Milliseconds from "500ms", "10s", "5m", "1h", "7d" or "0": any other number needs its unit.
std::optional<uint64_t> parse_time(std::string_view text);

// The shortest of these forms: "64k", "90s".
std::string size_text(uint64_t bytes);
std::string time_text(uint64_t ms);

}  // namespace oklo::config
