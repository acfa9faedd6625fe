#include "bench/report.h"

#include <cmath>

#include "base/number.h"

namespace oklo::bench {

namespace {

struct Quantile {
  double percent;
  std::string_view text;
};
constexpr Quantile kQuantiles[] = {{50, "50 %"}, {90, "90 %"}, {99, "99 %"}, {99.9, "99.9 %"}};
constexpr unsigned kTallyMax = 20;  // values that are shown to people

std::string rounded(double value) { return grouped(static_cast<uint64_t>(std::llround(value))); }

// Three figures and a unit.
std::string scaled(double value, std::initializer_list<std::string_view> units) {
  auto unit = units.begin();
  for (; value >= 999.5 && unit + 1 != units.end(); unit++) value /= 1000;
  unsigned digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fixed(value, digits).append(" ").append(*unit);
}

std::string time_text(double us) { return scaled(us, {"µs", "ms", "s"}); }
std::string bytes_text(double bytes) { return scaled(bytes, {"B", "kB", "MB", "GB", "TB"}); }

void add_line(std::string& out, std::string_view name, std::string_view text) {
  out.append(name).append(name.size() < 12 ? 12 - name.size() : 1, ' ').append(text).append("\n");
}

void add_latency(std::string& out, const LatencyHistogram& latency) {
  std::string text;
  for (const auto& [percent, name] : kQuantiles)
    text.append(name).append(" ").append(time_text(latency.value_at(percent))).append("   ");
  add_line(out, "latency", text.append("max ").append(time_text(latency.max())));
}

void add_errors(std::string& out, const Outcome& outcome) {
  if (outcome.errors() == 0) return add_line(out, "errors", "none");
  std::string_view name = "errors";
  for (size_t i = 0; i < kFaults; i++) {
    if (outcome.faults[i] == 0) continue;
    std::string text = grouped(outcome.faults[i]).append(" ").append(kFaultNames[i].words);
    add_line(out, std::exchange(name, ""), text);
  }
}

void add_tally(std::string& out, const Outcome& outcome) {
  std::string_view name = "tally";
  size_t shown = 0;
  for (const auto& [value, times] : outcome.tally) {
    if (++shown > kTallyMax)
      return add_line(out, "", "and " + decimal(outcome.tally.size() - kTallyMax) + " other values");
    std::string text = grouped(times) + " connections: " + (value.empty() ? "none" : value);
    add_line(out, std::exchange(name, ""), text);
  }
}

// In a closed loop there is always something under way at the end.
void add_notes(std::string& out, const Outcome& outcome) {
  if (outcome.unanswered && outcome.latency_us.count() > outcome.answers)
    add_line(out, "unanswered", grouped(outcome.unanswered) + " requests that were due waited at the end: "
                                "the latency has them, as long as they had waited");
  if (outcome.other_length)
    add_line(out, "note", grouped(outcome.other_length) + " answers had another length than the first one");
  if (outcome.idle_lost)
    add_line(out, "note", grouped(outcome.idle_lost) + " idle connections were closed");
  if (outcome.slow_answers)
    add_line(out, "note", grouped(outcome.slow_answers) + " answers to slow connections, not counted above");
  if (outcome.is_lower_bound())
    add_line(out, "note", "a thread of the load had a processor for " + fixed(outcome.busy * 100, 0) +
                              " % of its time, and wanted one for " + fixed(outcome.wanted * 100, 0) +
                              " %: these figures are a lower bound");
}

}  // namespace

std::string report_text(const Outcome& outcome) {
  std::string out;
  add_line(out, "answers", grouped(outcome.answers) + " in " + fixed(outcome.seconds, 1) + " s, " +
                               rounded(outcome.rate()) + " a second");
  double bytes = static_cast<double>(outcome.bytes);
  add_line(out, "received", bytes_text(bytes) + ", " +
                                bytes_text(outcome.seconds > 0 ? bytes / outcome.seconds : 0) + " a second");
  if (outcome.latency_us.count() > 0) add_latency(out, outcome.latency_us);
  add_line(out, "connections", grouped(outcome.connects) + " made, " + grouped(outcome.served) +
                                   " of the plan's were served");
  add_errors(out, outcome);
  add_tally(out, outcome);
  add_notes(out, outcome);
  return out;
}

std::string progress_text(const Progress& now, const Progress& before) {
  double seconds = now.seconds - before.seconds;
  double rate = seconds > 0 ? static_cast<double>(now.answers - before.answers) / seconds : 0;
  std::string text = fixed(now.seconds, 0) + " s: " + grouped(now.answers) + " answers, " + rounded(rate) +
                     " a second";
  if (now.errors) text += ", " + grouped(now.errors) + " errors";
  return text;
}

}  // namespace oklo::bench
