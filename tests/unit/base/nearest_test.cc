#include "base/nearest.h"

#include <doctest/doctest.h>

#include <string>

using oklo::nearest;

TEST_CASE("base/nearest: the word with the fewest letters changed, inserted, removed or swapped") {
  const std::vector<std::string_view> known = {"serve", "status", "stop", "--workers", "--access-log",
                                               "--access-log-format"};
  struct { std::string_view word, wanted; } cases[] = {
      {"serve", "serve"},
      {"srve", "serve"},           // removed
      {"servve", "serve"},         // inserted
      {"sarve", "serve"},          // changed
      {"sevre", "serve"},          // swapped
      {"evser", ""},
      {"statsu", "status"},
      {"stp", "stop"},
      {"sotp", "stop"},
      {"stopped", ""},
      {"--worker", "--workers"},
      {"--wrokers", "--workers"},
      {"-workers", "--workers"},
      {"--acess-log", "--access-log"},
      {"--access-log-fromat", "--access-log-format"},
      {"--accesslogformat", "--access-log-format"},
      {"--nothing-like-it", ""},
      {"SERVE", ""},
      {"", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.word);
    CHECK(nearest(c.word, known) == c.wanted);
  }
}

TEST_CASE("base/nearest: a word that is begun") {
  const std::vector<std::string_view> known = {"poll", "epoll-level", "epoll-edge", "emfile-spin"};
  CHECK(nearest("epol", known) == "epoll-level");
  CHECK(nearest("emfile", known) == "emfile-spin");
  CHECK(nearest("pol", known) == "poll");
  CHECK(nearest("em", known).empty());
}

TEST_CASE("base/nearest: of two that are as near, the first") {
  CHECK(nearest("ab", {"ac", "ad"}) == "ac");
  CHECK(nearest("ab", {"xyz", "ad", "ac"}) == "ad");
  CHECK(nearest("abcd", {"abxy", "abcx"}) == "abcx");
  CHECK(nearest("abdc", {"abxy", "abcd"}) == "abcd");
}

TEST_CASE("base/nearest: among none there is none") {
  CHECK(nearest("stop", {}).empty());
  CHECK(nearest("", {""}).empty());
  CHECK(nearest("", {"abc"}).empty());
}

TEST_CASE("base/nearest: a long word may differ more than a short one") {
  std::string word(30, 'a');
  std::string near = word, far = word;
  for (size_t i = 0; i < 10; i++) near[i * 3] = 'b';
  for (size_t i = 0; i < 11; i++) far[i * 2] = 'b';
  CHECK(nearest(word, {near}) == near);
  CHECK(nearest(word, {far}).empty());
}
