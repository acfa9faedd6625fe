#include "base/copy_short.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using oklo::copy_short;
using oklo::kCopyShortMax;

TEST_CASE("base/copy_short: copies as many bytes as it was told, and touches no other") {
  std::string text;
  for (size_t i = 0; i < kCopyShortMax; i++) text += static_cast<char>('0' + i);
  for (size_t size = 0; size <= kCopyShortMax; size++) {
    Guarded from(text.substr(0, size));
    std::string to(kCopyShortMax + 2, '.');
    copy_short(to.data() + 1, from.data(), size);
    CHECK(to == "." + text.substr(0, size) + std::string(kCopyShortMax + 1 - size, '.'));
  }
}
