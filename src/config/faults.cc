#include "config/faults.h"

#include <algorithm>
#include <utility>

#include "base/number.h"

namespace oklo::config {

namespace {

constexpr std::string_view kIndent = "    ";
constexpr size_t kShownBefore = 80;  // characters of a line before the one that is meant
constexpr size_t kShownBehind = 80;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string_view line_of(std::string_view text, uint32_t number) {
  for (; number > 1 && text.find('\n') != text.npos; number--) text.remove_prefix(text.find('\n') + 1);
  std::string_view line = text.substr(0, text.find('\n'));
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// A terminal is not to be told anything by a file.
char shown(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c; }

// The part of a line around a column, and a caret below that. A tab stands in both, so that they agree.
std::string pointed_out(std::string_view line, uint32_t column) {
  std::string above(kIndent), below(kIndent);
  uint32_t at = 0;
  for (char c : line) {
    bool begins = !continues_character(c);
    at += begins;
    if (at + kShownBefore < column || at > column + kShownBehind) continue;
    above.push_back(c == '\t' ? c : shown(c));
    if (begins && at < column) below.push_back(c == '\t' ? c : ' ');
  }
  return above + "\n" + below + "^\n";
}

}  // namespace

uint32_t Faults::add_source(std::string name, std::string text) {
  sources_.push_back({std::move(name), std::move(text)});
  return static_cast<uint32_t>(sources_.size() - 1);
}

void Faults::add(Place place, std::string text) {
  if (list_.size() < kCountMax) list_.push_back({place, true, std::move(text)});
  else more_ = true;
}

void Faults::add(std::string text) {
  if (list_.size() < kCountMax) list_.push_back({{}, false, std::move(text)});
  else more_ = true;
}

std::string Faults::name_of(Place place) const {
  return sources_[place.source].name + ":" + decimal(place.at.line) + ":" + decimal(place.at.column);
}

std::string Faults::to_text() const {
  std::vector<Fault> sorted = list_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Fault& a, const Fault& b) { return a.place < b.place; });
  std::string out;
  for (const Fault& fault : sorted) {
    if (fault.placed) out += name_of(fault.place) + ": ";
    for (char c : fault.text) out.push_back(shown(c));
    out += "\n";
    if (fault.placed)
      out += pointed_out(line_of(sources_[fault.place.source].text, fault.place.at.line),
                         fault.place.at.column);
  }
  return more_ ? out + "and more, which are not shown\n" : out;
}

}  // namespace oklo::config
