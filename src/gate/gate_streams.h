#pragma once

#include <optional>

#include "gate/worker_end.h"
#include "stream/remote_streams.h"

namespace oklo::gate {

// The streams of the gate as a worker finds them when no message of them is in its hands: by their rows.
class GateStreams final : public stream::RemoteStreams {
 public:
  // Both outlive it.
  GateStreams(WorkerContext& context, WorkerEnd& end) : context_(context), end_(end) {}

  bool visit(ConnectionId id, const Function<void(Connection&)>& function) override;
  // Each one belongs to the worker whose slot its row names, as long as that one takes what it is told: so
  // all workers together visit each of them once.
  void visit_each(std::optional<unsigned> listener, const Function<void(Connection&)>& function) override;

 private:
  bool is_own(uint32_t index, std::optional<unsigned> listener) const;

  WorkerContext& context_;
  WorkerEnd& end_;
};

}  // namespace oklo::gate
