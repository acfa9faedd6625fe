#pragma once

#include <unordered_map>
#include <vector>

#include "gate/port.h"
#include "gate/worker_end.h"
#include "shm/connection_states.h"
#include "stream/link.h"

#include <oklo/stream.h>

namespace oklo::gate {

// A raw stream service in a worker of process mode: runs the handlers.
class StreamWorker final : public WorkerPort {
 public:
  // All outlive it.
  StreamWorker(const StreamHandlers& handlers, const StreamOptions& options, WorkerContext& context,
               WorkerEnd& end)
      : handlers_(handlers), options_(options), context_(context), end_(end) {}

  bool on_told(uint32_t thread, const codec::WireRecord& record) override;
  bool on_send(uint32_t thread, ConnectionId id, size_t bytes) override;
  bool filled(ConnectionId id) const override;
  void on_room(uint32_t thread) override;

 private:
  // One whose queue is too full because of what waits here: it hears of that, and of room on the wire, as the
  // gate tells of its own part of the queue.
  struct Filled {
    uint32_t generation;
    uint32_t thread;
    size_t sent;  // since it is one of them
    bool told = false;
    bool refused = false;  // it was too much
  };

  size_t queued_in_gate(ConnectionId id) const { return context_.connections->row(id.row).queued_bytes; }
  const Filled* find(ConnectionId id) const;
  void refuse(uint32_t thread, ConnectionId id);
  void tell_filled();
  void call(const Function<void(Connection&)>& handler, ConnectionId id, uint32_t thread);

  const StreamHandlers& handlers_;
  const StreamOptions& options_;
  WorkerContext& context_;
  WorkerEnd& end_;
  std::unordered_map<uint32_t, Filled> filled_;  // by row
  std::vector<ConnectionId> untold_;
};

// The Link to a stream that a reactor thread of the gate owns. Made on the stack for each call.
class RemoteLink final : public stream::Link {
 public:
  RemoteLink(ConnectionId id, uint32_t thread, WorkerContext& context, WorkerEnd& end)
      : id_(id), thread_(thread), context_(context), end_(end) {}

  bool is_open() const;
  void abort_for(CloseReason reason) { say_last(Said::abort, static_cast<uint16_t>(reason)); }

  ConnectionId id() const override { return id_; }
  bool send(std::string_view bytes) override;
  bool filled() const override;
  bool send_file(sys::Fd file, uint64_t offset, uint64_t size) override;
  void close(CloseReason reason) override { say_last(Said::close, static_cast<uint16_t>(reason)); }
  void abort() override { abort_for(CloseReason::finished); }
  void shutdown_send() override { say_last(Said::shutdown_send); }
  void pause() override { say(Said::pause); }
  void resume() override { say(Said::resume); }
  void bind(uint64_t user) override { context_.states->bind(id_, user); }
  ConnectionInfo info() const override;
  void* state() override { return context_.states->memory(id_); }

 private:
  const ConnectionRow& row() const { return context_.connections->row(id_.row); }
  void say(Said type, uint16_t flags = 0, std::string_view bytes = {}, sys::Fd file = {});
  void say_last(Said type, uint16_t flags = 0);

  ConnectionId id_;
  uint32_t thread_;
  WorkerContext& context_;
  WorkerEnd& end_;
  bool sends_ = true;  // as far as this one was told
};

}  // namespace oklo::gate
