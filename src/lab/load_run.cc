#include "lab/load_run.h"

#include <algorithm>
#include <string>

#include "base/number.h"
#include "bench/run.h"
#include "lab/chamber.h"
#include "lab/family.h"
#include "lab/parcel.h"
#include "lab/staged_model.h"
#include "sys/process.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::lab {

namespace {

constexpr unsigned kOtherFiles = 128;     // that a model or the generator has open beside connections
constexpr uint64_t kPatienceMs = 20'000;  // with a generator that should have ended
constexpr uint64_t kPrepareMs = 400;      // for connections to be made and answered once, and so much more
constexpr double kPrepareMsPerClient = 0.3;
constexpr double kNearlyS = 0.01;         // that may be missing at the end of its time

bench::Plan plan_of(const Load& load, const sys::Address& address, double seconds) {
  bench::Plan plan;
  plan.address = address;
  plan.host = address.to_string();
  plan.target = "/";
  plan.connections = load.busy();
  plan.slow_connections = load.slow();
  plan.idle_connections = load.idle();
  plan.busy_first = true;
  plan.threads = std::clamp(sys::usable_processors() / 2, 1u, load.busy());
  plan.duration_ms = static_cast<uint64_t>(seconds * 1000);
  plan.prepare_ms = kPrepareMs + static_cast<uint64_t>(kPrepareMsPerClient * load.connections);
  plan.tally_field = "X-Worker";
  return plan;
}

std::string errors_of(const bench::Outcome& outcome) {
  std::string text;
  for (size_t i = 0; i < bench::kFaults; i++)
    if (outcome.faults[i])
      text.append(text.empty() ? "" : ", ").append(decimal(outcome.faults[i])).append(" ")
          .append(bench::kFaultNames[i].words);
  return text;
}

// In the chamber of the generator. At the end of its time, when all clients are still there, it says so with
// an empty parcel, and waits for a reply.
void play_load(const bench::Plan& plan, int fd) {
  const double end_s = static_cast<double>(plan.duration_ms) / 1000 - kNearlyS;
  Result<bench::Outcome> outcome = bench::run(plan, [fd, end_s](const bench::Progress& progress) {
    if (progress.seconds < end_s) return;
    tell(fd, ParcelWriter().sealed());
    (void)sys::wait_readable(fd, sys::monotonic_ms() + kPatienceMs);
  });
  ParcelWriter parcel;
  parcel.text(outcome ? "" : outcome.error().text);
  if (outcome) {
    parcel.number(outcome->answers).real(outcome->seconds);
    for (double percent : {50.0, 99.0}) parcel.real(outcome->latency_us.value_at(percent));
    parcel.real(outcome->latency_us.max()).number(outcome->served).number(outcome->slow_answers);
    parcel.number(outcome->idle_lost).real(outcome->busy).text(errors_of(*outcome));
    parcel.number(outcome->tally.size());
    for (const auto& [worker, count] : outcome->tally) parcel.text(worker).number(count);
  }
  tell(fd, parcel.sealed());
}

void read_outcome(std::string_view parcel, LoadFigures& figures) {
  ParcelReader reader(parcel);
  figures.missing = reader.text();
  if (!figures.missing.empty()) return;
  figures.answers = reader.number();
  figures.seconds = reader.real();
  figures.p50_us = reader.real();
  figures.p99_us = reader.real();
  figures.max_us = reader.real();
  figures.served = static_cast<unsigned>(reader.number());
  figures.slow_served = reader.number() > 0;
  figures.idle_lost = static_cast<unsigned>(reader.number());
  figures.generator_busy = reader.real();
  figures.errors = reader.text();
  for (uint64_t left = reader.number(); left > 0 && reader.whole(); left--) {
    std::string worker = reader.text();
    figures.shares.emplace_back(std::move(worker), reader.number());
  }
  if (!reader.whole()) figures.missing = "the generator did not tell all";
}

// By their number, where they have one.
void sort_shares(Shares& shares) {
  auto key = [](const auto& share) { return parse_decimal(share.first).value_or(UINT64_MAX); };
  std::sort(shares.begin(), shares.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

// What the generator tells. When its time is over, and all clients are there, `at_end` becomes what the model
// has used: of children that nobody waits for nothing is known when they have ended.
Result<std::string> make_load(Interrupts& interrupts, const bench::Plan& plan, const Chamber& model,
                              sys::Usage& at_end) {
  Play play;
  play.title = "oklo lab: load";
  play.play = [&plan](int fd) { play_load(plan, fd); };
  Result<Chamber> generator = Chamber::open(interrupts, play);
  if (!generator) return generator.error();
  const uint64_t until_ms = sys::monotonic_ms() + plan.prepare_ms + plan.duration_ms + kPatienceMs;
  Result<std::string> told = generator->hear(until_ms);
  if (!told || !told->empty()) return told;
  at_end = look_at(model.family()).used;
  generator->reply();
  return generator->hear(until_ms);
}

void set_usage(LoadFigures& figures, const sys::Usage& before, const sys::Usage& after) {
  auto each = [answers = figures.answers](uint64_t from, uint64_t to) {
    return answers ? static_cast<double>(to - std::min(from, to)) / static_cast<double>(answers) : 0;
  };
  figures.processor_us = each(before.processor_us, after.processor_us);
  figures.voluntary = each(before.voluntary, after.voluntary);
  figures.involuntary = each(before.involuntary, after.involuntary);
}

sys::Usage more_of(const sys::Usage& a, const sys::Usage& b) {
  return {std::max(a.processor_us, b.processor_us), std::max(a.voluntary, b.voluntary),
          std::max(a.involuntary, b.involuntary)};
}

LoadFigures not_taken(Load load, std::string why) {
  LoadFigures figures;
  figures.load = load;
  figures.missing = std::move(why);
  return figures;
}

}  // namespace

LoadFigures measure_load(Interrupts& interrupts, const models::Model& model, Load load, double seconds) {
  const uint64_t files = sys::raise_file_limit(uint64_t{load.connections} + kOtherFiles);
  if (files < load.connections + kOtherFiles)
    return not_taken(load, "a process may have only " + grouped(files) + " files open here");
  Result<StagedModel> staged = StagedModel::raise(interrupts, model);
  if (!staged) return not_taken(load, staged.error().text);
  Result<sys::Usage> before = staged->settle(interrupts);
  if (!before) return not_taken(load, before.error().text);
  sys::Usage at_end;
  Result<std::string> parcel =
      make_load(interrupts, plan_of(load, staged->address(), seconds), staged->chamber(), at_end);
  if (!parcel) return not_taken(load, parcel.error().text);
  sys::Usage after = more_of(staged->chamber().end(), at_end);
  LoadFigures figures;
  figures.load = load;
  read_outcome(*parcel, figures);
  set_usage(figures, *before, after);
  sort_shares(figures.shares);
  return figures;
}

}  // namespace oklo::lab
