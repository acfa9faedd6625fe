#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "gate/port.h"
#include "gate/talk.h"
#include "net/relay.h"
#include "net/wire.h"
#include "process/application.h"

namespace oklo::gate {

// A worker's side of the wires: one to each reactor thread of the gate, which tells it of connections, and
// which it tells what to do with them.
class WorkerEnd final : public Relay::Road {
 public:
  // The context outlives it.
  explicit WorkerEnd(WorkerContext& context);

  Result<void> start();
  // Those of the services, in their order; before it reads.
  void set_ports(std::vector<WorkerPort*> ports) { ports_ = std::move(ports); }
  // Whether it takes what it is told.
  void read(bool wanted);
  bool takes() const { return wants_; }
  // It takes no more, but for what has begun to come. The function is called when that is there and all that
  // was said until then has left: whoever comes next finds whole units, and is heard behind it.
  void leave(Function<void()> left);

  // Says something to the thread that has the connection. What is said while a message is handled to the
  // thread that told it leaves together with the word that it is done, or never.
  void say(uint32_t thread, Said type, ConnectionId id, uint8_t listener, uint16_t flags = 0,
           std::string_view bytes = {}, sys::Fd file = {});
  // The same, but it leaves not before commit or say_done.
  void say_together(uint32_t thread, Said type, ConnectionId id, uint8_t listener, uint16_t flags,
                    uint32_t number, std::string_view bytes, sys::Fd file = {});
  void commit(uint32_t thread);
  // A message is handled whose port has said that it is not done yet.
  void say_done(uint32_t thread, ConnectionId id, uint32_t number);

  // What was said to that thread and has not left.
  size_t waiting_bytes(uint32_t thread) const { return threads_[thread].wire->unsent_bytes(); }
  // Tries to have it leave now; whether it has, but for what was not committed.
  bool flush(uint32_t thread);
  // The service with that number.
  WorkerPort* port(uint8_t listener) const { return listener < ports_.size() ? ports_[listener] : nullptr; }

  // Whether all that was said has left; the function is called when that is so again.
  bool all_left() const;
  void on_all_left(Function<void()> function) { on_all_left_ = std::move(function); }

  // The thread whose life that is, or thread_count().
  uint32_t thread_of(uint32_t life) const;
  uint32_t thread_count() const { return static_cast<uint32_t>(threads_.size()); }

  // --- Relay::Road
  bool leads_to(uint32_t life) const override { return thread_of(life) < thread_count(); }
  bool carry(uint32_t life, Relay::Kind kind, uint64_t target, std::string_view payload) override;

 private:
  static constexpr size_t kWaitingMax = size_t{64} << 20;  // bytes for one thread; rooms get no more then

  struct Thread {
    std::unique_ptr<Wire> wire;
    uint32_t gate_pid = 0;  // whose units it reads
  };

  bool may_send(uint32_t thread, Relay::Kind kind, ConnectionId id, size_t bytes);
  void on_unit(uint32_t thread, uint32_t writer, uint32_t number);
  void on_record(uint32_t thread, const codec::WireRecord& record);
  void put(uint32_t thread, const codec::WireRecord& record, sys::Fd file = {});
  void settle();
  void end_units();
  void say_left();
  Reader reader_for(const Thread& thread) const;

  WorkerContext& context_;
  std::vector<char> buffer_;
  std::vector<Thread> threads_;
  std::vector<WorkerPort*> ports_;
  uint32_t first_gate_slot_;
  uint32_t heard_ = 0;       // the thread whose unit was read last
  uint32_t told_by_;         // the thread whose message is handled now, or thread_count()
  bool wants_ = false;
  bool reads_ = false;
  bool said_left_ = false;
  Function<void()> on_left_;
  Function<void()> on_all_left_;
};

}  // namespace oklo::gate
