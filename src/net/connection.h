#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "net/block_pool.h"
#include "net/outlet.h"
#include "net/output_queue.h"
#include "net/protocol.h"
#include "reactor/reactor.h"
#include "shm/connection_rows.h"
#include "sys/fd.h"

namespace oklo {

class Connections;
namespace sys { class Address; }

// What all connections of one listener share, in one worker.
struct Endpoint {
  Connections* pool = nullptr;
  Reactor* reactor = nullptr;
  BlockPool* blocks = nullptr;
  ConnectionRows* rows = nullptr;
  LifeRow* life = nullptr;
  Protocol* protocol = nullptr;
  ConnectionKind kind = ConnectionKind::none;
  uint8_t listener = 0;
  uint32_t write_stall_ms = 30'000;
  uint32_t queue_bytes_max = 64u << 20;
};

namespace net {

// One stream as its Protocol has it: what has been received and not consumed, what has still to be sent, and
// the plain state of its session. What brings and takes the bytes is for those who derive from it: the socket
// of a SocketConnection, another process for a PostedConnection. It dies in phase 8 of the turn in which it
// was closed, and nowhere else. Its events come in the order on_open, then any of the others, then on_close.
class Connection : protected EventHandler, protected Timer, public Outlet {
 public:
  static constexpr size_t kSessionBytes = 32;

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // --- for the Protocol
  // Where there is some.
  std::string_view whole_input() const {
    return {input_->data + input_->begin, input_->end - input_->begin};
  }
  std::span<char> input() const { return input_ ? input_->content() : std::span<char>(); }
  void consume(size_t bytes) {
    if (bytes == 0) return;
    OKLO_ASSERT(input_ && bytes <= input_->content().size());
    input_->begin += static_cast<uint32_t>(bytes);
    if (input_->empty()) input_->begin = input_->end = 0;
  }
  void consume_all() { input_->begin = input_->end = 0; }
  // Takes the first `bytes` of the input away with the block they lie in, so that views of them stay good;
  // what followed them is the input now. The block must come back with release.
  Block* split_input(size_t bytes);
  void release(Block* block);

  template <class S>
  S& session() {
    static_assert(sizeof(S) <= kSessionBytes && alignof(S) <= 8 && std::is_trivially_copyable_v<S>);
    return *reinterpret_cast<S*>(session_);
  }

  // Protocol::on_deadline is called at that time, once, unless another one is set before. While bytes
  // wait to be sent the deadline is that of the write stall, and none is set; on_drained comes afterwards.
  void set_deadline(uint64_t at_ms) {
    if (!blocked_) put_deadline(at_ms);
  }

  // Sends what is queued, then closes. `linger`: the peer may still be sending: the write side is closed
  // first and what comes in is thrown away for a while, so that no RST overtakes the answer (RFC 9112
  // section 9.6).
  enum class Linger : bool { no, yes };
  void close(CloseReason reason, Linger linger);
  // Closes without sending what is queued.
  void abort(CloseReason reason);

  // Ends the sending side when all that is queued is sent; nothing may be queued any more. What the peer
  // sends is still received.
  void finish_sending();
  // Protocol::on_drained comes for all that is sent, also when it went at the first try.
  void tell_each_drain() {
    tells_drain_ = tells_each_drain_ = true;
    settled_ = false;
  }

  // The same, for what is queued now alone.
  void tell_next_drain() {
    tells_drain_ = tells_next_drain_ = true;
    settled_ = false;
  }

  // OutputQueue::drop_shared, for what waits to be sent.
  void drop_shared(size_t bytes, const Function<void(std::string_view)>& on_drop) {
    output_.drop_shared(*endpoint_->blocks, bytes, on_drop);
  }

  void pause_reading();
  void resume_reading();

  // Makes it a connection of another endpoint of the same pool: its protocol gets all events from now on,
  // the one before none, not even on_close. The session is zeroed, the input stays. The new protocol's
  // on_open is not called: who changes it knows more.
  void change_endpoint(Endpoint& to);

  bool open() const { return phase_ == Phase::open; }
  // Whether what comes is read.
  bool hears() const { return hears_; }
  // Whether what is sent now goes out.
  bool sends() const { return sends_; }
  bool peer_finished() const { return peer_finished_; }
  bool all_sent() const { return output_.empty(); }
  // Where the peer has connected to, when that is known here.
  virtual sys::Address local_address() const = 0;
  const Clock& clock() const { return endpoint_->reactor->clock(); }
  ConnectionRow& row() const { return row_; }
  virtual ConnectionId id() const = 0;
  Endpoint& endpoint() const { return *endpoint_; }

  // --- Outlet
  std::span<char> room(size_t bytes) final { return output_.room(*endpoint_->blocks, bytes); }
  void advance(size_t bytes) final {
    output_.advance(bytes);
    mark_dirty();
  }
  bool send(std::string_view bytes) final;
  void send_shared(const BytesRef& bytes, std::string_view view) final;
  void send_file(sys::Fd file, uint64_t offset, uint64_t size) final;
  size_t queued() const final { return output_.bytes(); }

  // --- for who owns it
  void drain(DrainMode mode);

 protected:
  enum class Phase : uint8_t { open, closing, lingering, dead };

  // Both outlive it.
  Connection(Endpoint& endpoint, ConnectionRow& row) : endpoint_(&endpoint), row_(row) {}
  ~Connection();

  // It is dead: what brings its bytes is to bring no more.
  virtual void detach() = 0;
  void on_destroy() final;

  void settle_input();
  void put_deadline(uint64_t at_ms) {
    deadline_ms_ = at_ms;
    // A timer that comes too early is left where it is: most deadlines are never reached.
    if (!armed() || at_ms < expiry_ms()) arm_timer();
  }
  void arm_timer();
  void mark_dirty() { reactor().mark_dirty(*this); }
  void settle_later() {
    settled_ = false;
    mark_dirty();
  }
  Reactor& reactor() const { return *endpoint_->reactor; }

  Endpoint* endpoint_;
  Block* input_ = nullptr;
  OutputQueue output_;
  uint64_t deadline_ms_ = 0;
  ConnectionRow& row_;

 private:
  void cancel_timer();
  bool send_long(std::string_view bytes);
  bool overflow();

  alignas(8) unsigned char session_[kSessionBytes] = {};

 protected:
  // They stand last, so that what inherits may use what they leave of their word.
  Phase phase_ = Phase::open;
  CloseReason reason_ = CloseReason::peer_closed;
  bool hears_ = true;  // open, and not paused
  bool sends_ = true;  // open, and the sending side not to be ended
  bool paused_ : 1 = false;
  bool tells_drain_ : 1 = false;  // blocked, paused, or told to
  bool tells_each_drain_ : 1 = false;
  bool tells_next_drain_ : 1 = false;
  bool blocked_ : 1 = false;  // not all that was sent has gone out
  bool settled_ : 1 = false;  // nothing has changed since on_flush looked
  bool linger_ : 1 = false;
  bool peer_finished_ : 1 = false;
  bool finishing_ : 1 = false;  // the sending side ends when all is sent
};

}  // namespace net
}  // namespace oklo
