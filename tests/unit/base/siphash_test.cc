#include "base/siphash.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "guarded.h"

namespace {

// The key 00 01 ... 0f of the paper.
constexpr std::array<uint64_t, 2> kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string counted(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; i++) text += static_cast<char>(i);
  return text;
}

}  // namespace

// The texts 00 01 02 ... of that length; the last one is appendix A of the paper, all are in its test
// vectors.
TEST_CASE("base/siphash: the published values") {
  auto of = [](size_t size) { return oklo::siphash(kKey, Guarded(counted(size)).view()); };
  CHECK(of(0) == 0x726fdb47dd0e0e31);
  CHECK(of(1) == 0x74f839c593dc67fd);
  CHECK(of(15) == 0xa129ca6149be45e5);
}

TEST_CASE("base/siphash: every bit of the text, its length and the key count") {
  std::set<uint64_t> seen;
  size_t made = 0;
  for (size_t size = 0; size < 40; size++) {
    std::string text(size, '\0');
    seen.insert(oklo::siphash(kKey, text));
    made++;
    for (size_t bit = 0; bit < 8 * size; bit++) {
      std::string other = text;
      other[bit / 8] = static_cast<char>(1 << bit % 8);
      seen.insert(oklo::siphash(kKey, other));
      made++;
    }
  }
  CHECK(seen.size() == made);
  CHECK(oklo::siphash({kKey[0] ^ 1, kKey[1]}, "text") != oklo::siphash(kKey, "text"));
  CHECK(oklo::siphash({kKey[0], kKey[1] ^ 1}, "text") != oklo::siphash(kKey, "text"));
}
