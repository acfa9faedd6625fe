#pragma once

#include "gate/port.h"
#include "gate/worker_end.h"

#include <oklo/datagram.h>

namespace oklo::gate {

// A service of datagrams in a worker of process mode: runs the handler.
class PacketWorker final : public WorkerPort {
 public:
  // All outlive it.
  PacketWorker(const DatagramHandlers& handlers, WorkerContext& context, WorkerEnd& end)
      : handlers_(handlers), context_(context), end_(end) {}

  bool on_told(uint32_t thread, const codec::WireRecord& record) override;

 private:
  const DatagramHandlers& handlers_;
  WorkerContext& context_;
  WorkerEnd& end_;
};

}  // namespace oklo::gate
