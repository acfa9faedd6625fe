#include "cli/longest_chain.h"

#include <doctest/doctest.h>

#include <initializer_list>

using oklo::cli::LongestChain;

TEST_CASE("cli/longest_chain: what is known of the first numbers") {
  struct Known {
    uint64_t up_to, best;
    uint32_t steps;
  };
  // OEIS A006877 and A006878.
  LongestChain chain;
  CHECK(chain.best() == 0);
  for (Known known : {Known{1, 1, 0}, {2, 2, 1}, {10, 9, 19}, {26, 25, 23}, {100, 97, 118},
                      {1000, 871, 178}, {100'000, 77'031, 350}, {1'000'000, 837'799, 524}}) {
    chain.look_at(known.up_to - chain.looked_at());
    CHECK(chain.looked_at() == known.up_to);
    CHECK(chain.best() == known.best);
    CHECK(chain.steps() == known.steps);
  }
}
