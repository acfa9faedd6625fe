// How processes talk: what a question and its answer take, one after the other, and how many messages go one
// way in a second when nobody waits for an answer. The two processes run on whatever processors the kernel
// gives them; as each answer is waited for, most of a round trip is the time until the other one is awake.
//
// What to see: whatever the kernel carries costs about the same, for it is system calls and waking that
// cost. Memory that both share costs nothing of that while both are busy. Signals are neither fast nor safe:
// plain ones are lost.
//
// oklo: socket pairs for orders, which must not be lost and may carry fds: src/process/control_channel.cc.
// Shared memory with a doorbell for what there is much of: src/shm/broadcast_ring.cc,
// src/reactor/doorbell.h. Signals from outside become events of the loop: src/reactor/signal_source.cc.

#include <algorithm>
#include <vector>

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/shared_page.h"
#include "experiments/wire.h"
#include "sys/process.h"

namespace oklo::experiments {

namespace {

constexpr uint32_t kQuestions = 2000;
constexpr uint32_t kMessages = 20'000;

struct Talk {
  Count ready, done;
  std::atomic<int> asker = 0, answerer = 0;  // pids
  uint64_t round_trip_ns = 0;                // the median
  uint64_t one_way_ns = 0;                   // all messages together
  uint32_t arrived = 0;
};

struct Wires {
  std::unique_ptr<Wire> there, back;

  // In each process, when it has said who it is: waits for the other one.
  bool begin(Talk& talk) {
    if (!there->begin(talk.answerer) || !back->begin(talk.asker)) return false;
    talk.ready.add();
    return talk.ready.reaches(4);
  }
};

bool introduce(std::atomic<int>& pid, Talk& talk) {
  pid = sys::current_pid();
  talk.ready.add();
  return talk.ready.reaches(2);
}

uint64_t median(std::vector<uint64_t> values) {
  auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void run_asker(Wires& wires, Talk& talk) {
  bool well = introduce(talk.asker, talk) && wires.begin(talk);
  Message message;
  std::vector<uint64_t> round_trips;
  for (uint32_t i = 0; i < kQuestions && well; i++) {
    uint64_t start_ns = sys::monotonic_ns();
    message.number = i;
    well = wires.there->put(message) && wires.back->take(message);
    round_trips.push_back(sys::monotonic_ns() - start_ns);
  }
  uint64_t start_ns = sys::monotonic_ns();
  for (uint32_t i = 1; i <= kMessages && well; i++) {
    message.number = i == kMessages ? kLastNumber : i;
    well = wires.there->put(message);
  }
  if (well && wires.back->take(message)) {
    talk.one_way_ns = sys::monotonic_ns() - start_ns;
    talk.round_trip_ns = median(std::move(round_trips));
  }
  talk.done.add();
}

void run_answerer(Wires& wires, Talk& talk) {
  bool well = introduce(talk.answerer, talk) && wires.begin(talk);
  Message message;
  for (uint32_t i = 0; i < kQuestions && well; i++)
    well = wires.there->take(message) && wires.back->put(message);
  message.number = 0;
  for (; message.number != kLastNumber && well; talk.arrived++) well = wires.there->take(message);
  if (!well || !wires.back->put(message)) talk.done.add();
}

Result<std::vector<double>> measure(const Way& way) {
  Result<std::unique_ptr<Wire>> there = way.open(), back = way.open();
  if (!there || !back) return there ? back.error() : there.error();
  Wires wires{std::move(there).value(), std::move(back).value()};
  Result<SharedPage<Talk>> talk = SharedPage<Talk>::make();
  if (!talk) return talk.error();
  Result<Child> answerer = Child::start([&] { run_answerer(wires, **talk); });
  if (!answerer) return answerer.error();
  Result<Child> asker = Child::start([&] { run_asker(wires, **talk); });
  if (!asker) return asker.error();
  if (!(*talk)->done.reaches(1) || (*talk)->one_way_ns == 0) return Error{0, "it broke"};
  double seconds = static_cast<double>((*talk)->one_way_ns) / 1e9;
  double arrived = (*talk)->arrived;
  return std::vector<double>{static_cast<double>((*talk)->round_trip_ns), arrived / seconds,
                             100 * (1 - arrived / kMessages)};
}

}  // namespace

Result<Outcome> ways_to_talk() {
  Outcome outcome{.columns = {"round trip, ns", "messages a second", "lost, %"}, .findings = {}};
  for (auto ways : {descriptor_ways, signal_ways, memory_ways})
    for (const Way& way : ways()) {
      Result<std::vector<double>> figures = measure(way);
      if (figures) outcome.findings.push_back({way.name, std::move(figures).value()});
      else outcome.not_taken.push_back(std::string(way.name) + ": " + figures.error().text);
    }
  if (!outcome.findings.empty())
    outcome.verdict = "To wake somebody is what costs; memory that both have need not, while both are busy.";
  return outcome;
}

}  // namespace oklo::experiments
