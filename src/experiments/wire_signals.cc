// Signals as a way to talk. A plain one says that something was, and not how often: it is one bit, and what
// is sent while the bit stands is lost. Real-time signals (signal(7)) wait in a queue, in order, each with a
// number; the queue is short, and belongs to the user.

#include <errno.h>

#include <optional>

#include "experiments/wire.h"
#include "sys/process.h"
#include "sys/signal_queue.h"

namespace oklo::experiments {

namespace {

class SignalWire : public Wire {
 public:
  bool begin(int receiver) override {
    receiver_ = receiver;
    Result<sys::SignalQueue> queue = sys::SignalQueue::create({SIGUSR1, SIGUSR2, SIGRTMIN});
    if (queue) queue_ = *queue;
    return queue.ok();
  }

 protected:
  int receiver_ = 0;
  std::optional<sys::SignalQueue> queue_;
};

// SIGUSR2 is the last one; it comes after a SIGUSR1 that waits beside it.
class PlainSignals final : public SignalWire {
 public:
  bool put(const Message& message) override {
    sys::send_signal(receiver_, message.number == kLastNumber ? SIGUSR2 : SIGUSR1);
    return true;
  }
  bool take(Message& message) override {
    int value = 0;
    long signal = queue_->take(value);
    message.number = signal == SIGUSR2 ? kLastNumber : 0;
    return signal > 0;
  }
};

class QueuedSignals final : public SignalWire {
 public:
  // When the queue is full there is nothing that tells when it is not.
  bool put(const Message& message) override {
    long result = -EAGAIN;
    while (result == -EAGAIN)
      result = sys::queue_signal(receiver_, SIGRTMIN, static_cast<int>(message.number));
    return result >= 0;
  }
  bool take(Message& message) override {
    int value = 0;
    long signal = queue_->take(value);
    message.number = static_cast<uint32_t>(value);
    return signal > 0;
  }
};

Result<std::unique_ptr<Wire>> open_plain() { return std::unique_ptr<Wire>(new PlainSignals); }
Result<std::unique_ptr<Wire>> open_queued() { return std::unique_ptr<Wire>(new QueuedSignals); }

}  // namespace

std::vector<Way> signal_ways() { return {{"signal", open_plain}, {"queued signal", open_queued}}; }

}  // namespace oklo::experiments
