#include "reactor/signal_source.h"

namespace oklo {

Result<std::unique_ptr<SignalSource>> SignalSource::create(Reactor& reactor,
                                                           const std::vector<int>& signals,
                                                           Function<void(int)> on_signal) {
  Result<sys::SignalFd> fd = sys::SignalFd::create(signals);
  if (!fd) return fd.error();
  std::unique_ptr<SignalSource> source(
      new SignalSource(reactor, std::move(fd).value(), std::move(on_signal)));
  if (long failed = reactor.add(source->signals_.fd(), sys::kReadable, *source); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch for signals");
  source->watched_ = true;
  return source;
}

SignalSource::SignalSource(Reactor& reactor, sys::SignalFd signals, Function<void(int)> on_signal)
    : reactor_(reactor), signals_(std::move(signals)), on_signal_(std::move(on_signal)) {}

SignalSource::~SignalSource() {
  if (watched_) reactor_.remove(signals_.fd());
}

void SignalSource::on_event(uint32_t) {
  while (std::optional<int> signal = signals_.next()) on_signal_(*signal);
}

}  // namespace oklo
