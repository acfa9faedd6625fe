#include "lab/median_load.h"

#include <doctest/doctest.h>

namespace lab = oklo::lab;

namespace {

lab::LoadFigures with_rate(uint64_t answers) {
  lab::LoadFigures figures;
  figures.answers = answers;
  figures.seconds = 1;
  return figures;
}

lab::LoadFigures missing(const char* why) {
  lab::LoadFigures figures;
  figures.missing = why;
  return figures;
}

}  // namespace

TEST_CASE("lab/median_load: the one in the middle, whatever the order") {
  CHECK(lab::median_load({with_rate(7)}).answers == 7);
  CHECK(lab::median_load({with_rate(9), with_rate(1), with_rate(5)}).answers == 5);
  CHECK(lab::median_load({with_rate(5), with_rate(9), with_rate(1)}).answers == 5);
  CHECK(lab::median_load({with_rate(4), with_rate(8)}).answers == 4);
}

TEST_CASE("lab/median_load: what was not taken does not count, unless it is all there is") {
  CHECK(lab::median_load({missing("a"), with_rate(3), missing("b")}).answers == 3);
  CHECK(lab::median_load({missing("a"), with_rate(9), with_rate(2), with_rate(3)}).answers == 3);
  CHECK(lab::median_load({missing("first"), missing("second")}).missing == "first");
}
