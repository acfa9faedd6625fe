#include "cli/top_screen.h"

#include <doctest/doctest.h>

#include <string>

using oklo::LatencyHistogram;
using oklo::cli::TopScreen;

namespace {

// An answer of the service: what it has counted, and a few lines.
std::string answer(uint64_t requests, uint64_t in, uint64_t out, const LatencyHistogram& times = {},
                   const std::string& text = "oklo 1, master 2\nprocess  pid\nworker 1  77\n") {
  std::string line = std::to_string(requests) + " " + std::to_string(in) + " " + std::to_string(out);
  for (size_t i = 0; i < LatencyHistogram::kBuckets; i++) line += " " + std::to_string(times.count(i));
  return line + "\n" + text;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("cli/top_screen: plain, it is lines alone") {
  TopScreen screen;
  CHECK(screen.take(answer(5, 6, 7), 1000));
  CHECK(screen.frame(80, 24, true, "note") ==
        "oklo 1, master 2\na second: requests -, bytes in -, out -; no answers\nprocess  pid\nworker 1  77\n"
        "note\n");
}

TEST_CASE("cli/top_screen: rates are those between the last two answers") {
  TopScreen screen;
  LatencyHistogram times;
  times.add(1 << 20, 100);
  CHECK(screen.take(answer(100, 1000, 0, times), 1000));
  times.add(64, 98);
  times.add(5000, 2);
  CHECK(screen.take(answer(300, 2'001'000, 50, times), 3000));
  std::string frame = screen.frame(80, 24, true, "");
  CHECK(holds(frame, "a second: requests 100, bytes in 1000K, out 25; 50% 0.0"));
  CHECK(holds(frame, " ms, 99% "));
  CHECK_FALSE(holds(frame, "1048"));
  CHECK(screen.take(answer(1, 1, 1), 4000));
  CHECK(holds(screen.frame(80, 24, true, ""), "requests -,"));
}

TEST_CASE("cli/top_screen: a screen is filled from its first line to its last, and cut at its right") {
  TopScreen screen;
  CHECK(screen.take(answer(1, 1, 1, {}, "oklo 12345\nprocess  pid\npeer\nworker\x1b[2J\n"), 1000));
  CHECK(screen.frame(8, 7, false, "q quits and more") ==
        "\x1b[H\x1b[K\x1b[1moklo 123\x1b[m\n\x1b[Ka second\n\x1b[K\x1b[7mprocess \x1b[m\n\x1b[Kpeer\n"
        "\x1b[Kworker?[\n\x1b[K\n\x1b[Jq quits \x1b[m");
  CHECK(screen.frame(80, 3, false, "note") ==
        "\x1b[H\x1b[K\x1b[1moklo 12345\x1b[m\n\x1b[Ka second: requests -, bytes in -, out -; no answers\n"
        "\x1b[Jnote\x1b[m");
  for (unsigned rows : {0u, 1u}) CHECK(screen.frame(80, rows, false, "note") == "\x1b[H\x1b[Jnote\x1b[m");
  CHECK(screen.frame(80, 2, true, "note") == "oklo 12345\nnote\n");
}

TEST_CASE("cli/top_screen: the line of rates fits into 80 columns, whatever they are") {
  for (uint64_t us : {100u, 9000u, 90'000u, 900'000u, 9'000'000u, 130'000'000u}) {
    TopScreen screen;
    LatencyHistogram times;
    CHECK(screen.take(answer(0, 0, 0), 1000));
    times.add(us, 10);
    CHECK(screen.take(answer(9'999'000, 9'999'000, 9'999'000, times), 2000));
    std::string frame = screen.frame(200, 24, true, "");
    size_t begin = frame.find("a second: requests 9999K, bytes in 9999K, out 9999K; 50% ");
    REQUIRE(begin != frame.npos);
    CHECK(frame.find('\n', begin) - begin <= 80);
  }
}

TEST_CASE("cli/top_screen: what is no answer changes nothing") {
  TopScreen screen;
  CHECK(screen.take(answer(1, 2, 3), 1000));
  std::string before = screen.frame(80, 24, true, "");
  for (const char* text : {"", "\n", "1 2 3\n", "1 2 3", "a b c\nd\n"}) CHECK_FALSE(screen.take(text, 2000));
  CHECK_FALSE(screen.take("9 " + answer(1, 2, 3), 2000));
  CHECK(screen.frame(80, 24, true, "") == before);
}

TEST_CASE("cli/top_screen: of the lines of a terminal, two are its own") {
  CHECK(TopScreen::rows_for_service(24) == 22);
  CHECK(TopScreen::rows_for_service(0) == 1);
}
