#include "codec/metrics_text.h"

#include "base/number.h"

namespace oklo::codec {

// Help escapes backslash and line feed, the value of a label the quote, too.
void MetricsText::escape(std::string_view text, bool quoted) {
  for (char c : text) {
    if (c == '\n') out_ += "\\n";
    else if (c == '\\' || (quoted && c == '"')) out_.append({'\\', c});
    else out_ += c;
  }
}

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  static constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  name_ = name;
  out_.append("# HELP ").append(name).append(" ");
  escape(help, false);
  out_.append("\n# TYPE ").append(name).append(" ").append(kTypes[static_cast<size_t>(type)]).append("\n");
}

void MetricsText::sample(uint64_t value, Labels labels) { sample(decimal(value), labels); }

void MetricsText::sample(std::string_view number, Labels labels, std::string_view suffix) {
  out_.append(name_).append(suffix);
  char before = '{';
  for (const Label& label : labels) {
    out_ += std::exchange(before, ',');
    out_.append(label.name).append("=\"");
    escape(label.value, true);
    out_ += '"';
  }
  if (labels.size()) out_ += '}';
  out_.append(" ").append(number).append("\n");
}

void MetricsText::counter(std::string_view name, std::string_view help, uint64_t value) {
  family(name, Type::counter, help);
  sample(value);
}

void MetricsText::gauge(std::string_view name, std::string_view help, uint64_t value) {
  family(name, Type::gauge, help);
  sample(value);
}

std::string seconds_of_us(uint64_t us) {
  std::string fraction = decimal(1'000'000 + us % 1'000'000);
  fraction[0] = '.';
  fraction.resize(fraction.find_last_not_of('0') + 1);
  return decimal(us / 1'000'000) + (fraction == "." ? "" : fraction);
}

}  // namespace oklo::codec
