#include "codec/accept_encoding.h"

#include <optional>

#include "base/ascii.h"

namespace oklo::codec {

namespace {

constexpr std::array<std::string_view, kCodings> kNames = {"identity", "gzip", "zstd", "br"};
constexpr std::array<Coding, kCodings> kBestFirst = {Coding::br, Coding::zstd, Coding::gzip,
                                                     Coding::identity};

// A qvalue in thousandths, or -1: 0 to 1 with at most three digits after the point (RFC 9110 section 12.4.2).
int parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  if (text.size() > 1 && text[1] != '.') return -1;
  int thousandths = 0;
  for (size_t i = 2; i < 5; i++) {
    char digit = i < text.size() ? text[i] : '0';
    if (!is_digit(digit)) return -1;
    thousandths = thousandths * 10 + (digit - '0');
  }
  if (text[0] == '0') return thousandths;
  return thousandths == 0 ? 1000 : -1;
}

std::optional<Coding> coding_by_name(std::string_view name) {
  if (equal_ignoring_case(name, "x-gzip")) return Coding::gzip;
  for (size_t i = 0; i < kCodings; i++)
    if (equal_ignoring_case(name, kNames[i])) return static_cast<Coding>(i);
  return std::nullopt;
}

// The text up to the separator; what stands behind it stays in `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  size_t at = rest.find(separator);
  std::string_view taken = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return trim(taken);
}

// The weight that the parameters of an element give it; a malformed one refuses the coding.
int weight_of(std::string_view parameters) {
  int weight = 1000;
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    std::string_view name = take_until(value, '=');
    if (equal_ignoring_case(name, "q")) weight = parse_weight(trim(value));
  }
  return weight < 0 ? 0 : weight;
}

}  // namespace

std::string_view coding_name(Coding coding) {
  return kNames[static_cast<size_t>(coding)];
}

void AcceptEncoding::add_line(std::string_view value) {
  while (!value.empty()) add_element(take_until(value, ','));
}

void AcceptEncoding::add_element(std::string_view element) {
  std::string_view name = take_until(element, ';');
  int said = weight_of(element);
  if (name == "*") {
    others_ = said;
  } else if (std::optional<Coding> coding = coding_by_name(name)) {
    weights_[static_cast<size_t>(*coding)] = said;
  }
}

int AcceptEncoding::weight(Coding coding) const {
  int said = weights_[static_cast<size_t>(coding)];
  if (said == kUnsaid) said = others_;
  if (said != kUnsaid) return said;
  return coding == Coding::identity ? 1 : 0;  // identity is always taken, after all that are named
}

Coding AcceptEncoding::choose(CodingSet offered) const {
  Coding best = Coding::identity;
  int best_weight = 0;
  for (Coding coding : kBestFirst) {
    if (coding != Coding::identity && !offered.has(coding)) continue;
    if (weight(coding) <= best_weight) continue;
    best = coding;
    best_weight = weight(coding);
  }
  return best;
}

}  // namespace oklo::codec
