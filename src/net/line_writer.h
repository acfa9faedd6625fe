#pragma once

#include <string>
#include <string_view>

#include "base/counter.h"
#include "net/log_sink.h"
#include "reactor/reactor.h"

namespace oklo {

// Gathers lines and writes them to a sink in few calls, from a timer and when much has gathered, and never
// waits: what the sink does not take stays here up to kBytesMax, then whole lines are dropped and counted.
class LineWriter final : private Timer {
 public:
  static constexpr size_t kBytesMax = 256 * 1024;

  LineWriter(Reactor& reactor, LogSink sink, Counter& dropped)
      : reactor_(reactor), sink_(sink), dropped_(dropped) {}

  void append(std::string_view line);
  void flush();
  // Writes to another one from now on (a log that was reopened).
  void set_sink(LogSink sink) { sink_ = sink; }

 private:
  void on_timer() override;

  Reactor& reactor_;
  LogSink sink_;
  Counter& dropped_;
  std::string waiting_;
};

}  // namespace oklo
