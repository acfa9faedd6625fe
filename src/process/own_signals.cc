#include "process/own_signals.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/number.h"

namespace oklo {

namespace {

// The real-time signals but the first two, and those of the old ones that nobody else sends or needs.
bool is_free(int signal) {
  constexpr int kFree[] = {SIGALRM, SIGVTALRM, SIGWINCH, SIGURG, SIGIO};
  if (signal >= SIGRTMIN + 2 && signal <= SIGRTMAX) return true;
  return std::find(std::begin(kFree), std::end(kFree), signal) != std::end(kFree);
}

}  // namespace

Result<std::unique_ptr<SignalSource>> hear_own_signals(Reactor& reactor, Hearer hearer,
                                                       const std::vector<OwnSignal>& wanted,
                                                       Function<void(const OwnSignal&)> on_signal) {
  std::vector<int> numbers;
  for (const OwnSignal& signal : wanted) {
    std::string name = "signal " + decimal(static_cast<uint64_t>(signal.number));
    if (!is_free(signal.number)) return Error{0, name + " is not free for on_signal"};
    if (hearer == Hearer::master || signal.in_workers) numbers.push_back(signal.number);
  }
  if (numbers.empty()) return std::unique_ptr<SignalSource>();
  auto heard = [wanted, function = std::move(on_signal)](int number) {
    for (const OwnSignal& signal : wanted)
      if (signal.number == number) function(signal);
  };
  return SignalSource::create(reactor, numbers, std::move(heard));
}

}  // namespace oklo
