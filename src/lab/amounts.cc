#include "lab/amounts.h"

#include <cmath>

#include "base/number.h"

namespace oklo::lab {

namespace {

// One digit behind the point where two before it would be less exact than 5 %.
std::string rough(double value) { return fixed(value, value < 9.95 ? 1 : 0); }

}  // namespace

std::string short_count(double value) {
  if (value < 999.5) return fixed(value, 0);
  if (value < 999'500) return rough(value / 1000) + 'k';
  return rough(value / 1'000'000) + 'M';
}

std::string short_number(double value) {
  if (value < 0.995) return fixed(value, 2);
  return fixed(value, value < 99.95 ? 1 : 0);
}

// Without digits behind the point that say nothing.
std::string plain_text(double value) {
  double whole = std::round(value);
  if (std::abs(value) >= 99.95 || std::abs(value - whole) < 0.005)
    return (whole < 0 ? "-" : "") + grouped(static_cast<uint64_t>(std::abs(whole)));
  return fixed(value, std::abs(value) < 9.995 ? 2 : 1);
}

std::string time_text(double us) {
  if (us < 999.5) return rough(us) + " µs";
  if (us < 999'500) return rough(us / 1000) + " ms";
  return rough(us / 1'000'000) + " s";
}

std::string bytes_text(double bytes) {
  if (bytes < 1023.5) return fixed(bytes, 0) + " B";
  if (bytes < 1023.5 * 1024) return rough(bytes / 1024) + " KiB";
  return rough(bytes / (1024 * 1024)) + " MiB";
}

}  // namespace oklo::lab
