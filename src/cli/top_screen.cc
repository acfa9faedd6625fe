#include "cli/top_screen.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/number.h"

namespace oklo::cli {

namespace {

constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kReverse = "\x1b[7m";
constexpr std::string_view kNormal = "\x1b[m";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// How a line is to stand out: that of the service, and the heads of tables.
std::string_view style_of(std::string_view line) {
  if (line.starts_with("oklo ")) return kBold;
  bool head = line.starts_with("process ") || line.starts_with("peer ");
  return head ? kReverse : std::string_view();
}

// In at most eight characters, for people: "0.128 ms", "16.38 ms", "524.2 ms", "8388 ms", "134 s".
std::string short_time(uint64_t us) {
  if (us >= 10'000'000) return decimal(us / 1'000'000) + " s";
  std::string text = decimal(us / 1000) + "." + decimal(1000 + us % 1000).substr(1);
  text.resize(us >= 1'000'000 ? 4 : 5);
  return text + " ms";
}

// What names in shared memory hold may do nothing to a terminal.
void add_clean(std::string& out, std::string_view line) {
  for (char c : line) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
}

}  // namespace

bool TopScreen::read(std::string_view line, Numbers& to) {
  std::vector<uint64_t> numbers;
  while (!line.empty()) {
    size_t blank = std::min(line.find(' '), line.size());
    std::optional<uint64_t> number = parse_decimal(line.substr(0, blank));
    if (!number) return false;
    numbers.push_back(*number);
    line.remove_prefix(std::min(blank + 1, line.size()));
  }
  if (numbers.size() != 3 + LatencyHistogram::kBuckets) return false;
  to.requests = numbers[0];
  to.bytes_in = numbers[1];
  to.bytes_out = numbers[2];
  std::copy(numbers.begin() + 3, numbers.end(), to.counts);
  return true;
}

bool TopScreen::take(std::string_view answer, uint64_t now_ms) {
  size_t end = answer.find('\n');
  Numbers numbers;
  if (end == answer.npos || !read(answer.substr(0, end), numbers)) return false;
  numbers.at_ms = now_ms;
  before_ = now_;
  now_ = numbers;
  text_ = answer.substr(end + 1);
  return true;
}

// Of the time between the last two answers. A service that was started anew counts from zero again.
std::string TopScreen::rates() const {
  uint64_t ms = now_.at_ms - before_.at_ms;
  bool comparable = before_.at_ms && ms && now_.requests >= before_.requests;
  auto rate = [&](uint64_t Numbers::*number) {
    uint64_t more = now_.*number - std::min(now_.*number, before_.*number);
    return comparable ? short_amount(more * 1000 / ms) : std::string("-");
  };
  LatencyHistogram latency;
  for (size_t i = 0; comparable && i < LatencyHistogram::kBuckets; i++)
    latency.add(LatencyHistogram::begin_of(i), now_.counts[i] - std::min(now_.counts[i], before_.counts[i]));
  std::string text = "a second: requests " + rate(&Numbers::requests) + ", bytes in " +
                     rate(&Numbers::bytes_in) + ", out " + rate(&Numbers::bytes_out);
  if (latency.count() == 0) return text + "; no answers";
  return text + "; 50% " + short_time(latency.value_at(500)) + ", 99% " + short_time(latency.value_at(990));
}

// What was there is cleared before a line is written: behind one that ends in the last column the cursor
// still stands on its last character.
std::string TopScreen::frame(unsigned columns, unsigned rows, bool plain, std::string_view note) const {
  std::string second = rates();
  std::vector<std::string_view> lines = lines_of(text_);
  if (!lines.empty()) lines.insert(lines.begin() + 1, second);
  size_t room = std::max(rows, 1u) - 1;
  if (!plain || lines.size() > room) lines.resize(room);
  lines.push_back(note);
  std::string out;
  if (!plain) out += kHome;
  for (size_t i = 0; i < lines.size(); i++) {
    bool last = i + 1 == lines.size();
    std::string_view style = plain ? std::string_view() : style_of(lines[i]);
    if (!plain) out += last ? kClearBelow : kClearLine;
    out += style;
    add_clean(out, lines[i].substr(0, columns));
    if (!style.empty() || (last && !plain)) out += kNormal;
    if (plain || !last) out += "\n";
  }
  return out;
}

}  // namespace oklo::cli
