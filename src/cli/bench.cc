#include <algorithm>
#include <string>

#include "base/number.h"
#include "bench/report.h"
#include "bench/run.h"
#include "bench/target.h"
#include "cli/bench_json.h"
#include "cli/commands.h"
#include "cli/progress_line.h"
#include "config/units.h"
#include "sys/signal_fd.h"
#include "sys/terminal.h"
#include "sys/time.h"

namespace oklo::cli {

namespace {

constexpr uint64_t kLookupMs = 5000;

Result<bench::Outcome> run_visibly(const bench::Plan& plan) {
  if (!sys::is_terminal(2)) return bench::run(plan);
  ProgressLine line;
  return bench::run(plan, [&line, before = bench::Progress()](const bench::Progress& now) mutable {
    line.show(bench::progress_text(now, before));
    before = now;
  });
}

std::string amount(uint64_t count, std::string_view of) {
  return decimal(count).append(" ").append(of).append(count == 1 ? "" : "s");
}

std::string title(std::string_view url, const bench::Plan& plan) {
  std::string text(url);
  text.append(": ").append(amount(plan.connections, "connection"));
  text.append(", ").append(amount(std::min(plan.threads, plan.connections), "thread"));
  if (plan.pipeline > 1) text.append(", ").append(decimal(plan.pipeline)).append(" under way on each");
  if (plan.rate) text.append(", ").append(amount(plan.rate, "request")).append(" a second");
  return text.append(", for ").append(config::time_text(plan.duration_ms)).append("\n");
}

}  // namespace

int run_bench(const Command&, const Options& options) {
  if (options.words.empty()) return complain("bench: which URL? See: oklo help bench", kUsage);
  bench::Plan plan = options.bench;
  bench::Target target;
  std::string_view url = options.words[0];
  if (const char* wrong = bench::parse_target(url, target))
    return complain("bench: " + std::string(url) + ": " + wrong, kUsage);
  if (Result<void> aimed = bench::aim(plan, target, sys::monotonic_ms() + kLookupMs); !aimed)
    return complain("bench: " + aimed.error().text, kFailed);
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGINT, SIGTERM});
  if (!signals) return complain("bench: " + signals.error().text, kFailed);
  plan.stop_fd = signals->fd();
  Result<bench::Outcome> outcome = run_visibly(plan);
  if (!outcome) return complain("bench: " + outcome.error().text, kFailed);
  int printed = show(options.json ? bench_json(*outcome) : title(url, plan) + report_text(*outcome));
  return outcome->answers == 0 ? kFailed : printed;
}

}  // namespace oklo::cli
