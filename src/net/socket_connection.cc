#include "net/socket_connection.h"

#include <errno.h>

#include <utility>

#include "sys/address.h"
#include "sys/socket.h"

namespace oklo::net {

SocketConnection::SocketConnection(uint32_t slot, Endpoint& endpoint, sys::Fd socket, ConnectionId id)
    : Connection(endpoint, endpoint.rows->row(id)), slot_(slot), socket_(std::move(socket)) {}

void SocketConnection::start(bool read_now) {
  endpoint_->protocol->on_open(*this);
  if (read_now && open()) read();
  mark_dirty();
}

// ---------------------------------------------------------------- receiving

void SocketConnection::on_event(uint32_t events) {
  if (events == sys::kReadable) return read();
  on_other_event(events);
}

[[gnu::noinline]] void SocketConnection::on_other_event(uint32_t events) {
  if (events & sys::kReadable) read();
  if (phase_ == Phase::dead) return;
  if (events & sys::kWritable) mark_dirty();
  if ((events & (sys::kError | sys::kHangUp)) && !(events & sys::kReadable)) hang_up(events);
}

// A hang-up that nobody reads would come again in each turn. While reading is paused, what the peer sent
// before is not lost: it is read when reading goes on.
void SocketConnection::hang_up(uint32_t events) {
  bool waits = paused_ && phase_ == Phase::open && !peer_finished_ && !(events & sys::kError);
  if (!waits) return abort(CloseReason::peer_reset);
  reactor().remove(socket_.get());
  registered_ = false;
  hung_up_ = true;
  watched_ = 0;
}

inline void SocketConnection::read() {
  if (!hears_) return read_in_vain();
  if (input_) return read_more();
  Block* block = endpoint_->blocks->lend();
  long n = sys::receive(socket_.get(), block->data, Block::kBytes);
  if (n <= 0) return read_nothing(n);
  take_in(block, static_cast<size_t>(n));
  if (endpoint_->blocks->is_lent(input_) && input_->empty()) input_ = nullptr;
  else settle_input();
}

void SocketConnection::read_waiting() {
  if (hears_) read();
}

// Another connection may have paused it in this batch of events.
void SocketConnection::read_in_vain() {
  if (phase_ != Phase::open) discard_input();
}

// Behind what waits for more.
void SocketConnection::read_more() {
  if (input_->space().empty()) input_->compact();
  std::span<char> space = input_->space();
  OKLO_ASSERT(!space.empty());
  long n = sys::receive(socket_.get(), space.data(), space.size());
  if (n <= 0) return read_nothing(n);
  take_in(input_, static_cast<size_t>(n));
  settle_input();
}

inline void SocketConnection::take_in(Block* block, size_t bytes) {
  input_ = block;
  block->end += static_cast<uint32_t>(bytes);
  row_.bytes_in += bytes;
  row_.active_s = clock().now_s;
  endpoint_->life->bytes_in.add(bytes);
  endpoint_->protocol->on_data(*this);
}

void SocketConnection::read_nothing(long result) {
  if (result == 0) end_of_input();
  else if (!sys::try_later(result)) abort(CloseReason::peer_reset);
  settle_input();
}

void SocketConnection::end_of_input() {
  peer_finished_ = true;
  settle_later();  // The flush changes what is watched: an end of file stays readable for ever.
  endpoint_->protocol->on_end(*this);
}

void SocketConnection::discard_input() {
  Block* block = endpoint_->blocks->take();
  long n = sys::receive(socket_.get(), block->data, Block::kBytes);
  release(block);
  if (n > 0 || sys::try_later(n)) return;
  peer_finished_ = true;
  if (phase_ == Phase::lingering || n < 0) abort(reason_);
  else settle_later();
}

// ---------------------------------------------------------------- sending

void SocketConnection::on_flush() {
  if (Block* block = output_.only_block()) return flush(block);
  if (!output_.empty()) flush_pieces();
  if (!settled_) settle();
}

// The end that was asked for, when all is sent, and what to ask the Reactor for.
[[gnu::noinline]] void SocketConnection::settle() {
  settle_input();  // Some may have been consumed outside of read.
  if (phase_ == Phase::closing && output_.empty()) finish_closing();
  if (finishing_ && output_.empty()) {
    finishing_ = false;
    sys::shutdown_write(socket_.get());
  }
  settled_ = phase_ != Phase::closing && !finishing_ && !tells_drain_;
  if (phase_ != Phase::dead) watch();
}

// Nearly always one block is all there is, and the socket takes it.
[[gnu::always_inline]] inline void SocketConnection::flush(Block* block) {
  size_t size = block->end - block->begin;
  long sent = sys::send_bytes(socket_.get(), block->data + block->begin, size);
  if (sent != static_cast<long>(size)) return flushed_some(sent);
  count_sent(size);
  output_.take_out(*endpoint_->blocks, block);
  if (!settled_) flushed_all();
}

[[gnu::noinline]] void SocketConnection::flushed_all() {
  if (tells_drain_) tell_flushed(true);
  settle();
}

[[gnu::noinline]] void SocketConnection::flushed_some(long sent) {
  flushed(output_.take_out(*endpoint_->blocks, sent));
  settle();
}

void SocketConnection::flush_pieces() { flushed(output_.send_to(socket_.get(), *endpoint_->blocks)); }

inline void SocketConnection::count_sent(size_t sent) {
  row_.bytes_out += sent;
  endpoint_->life->bytes_out.add(sent);
}

void SocketConnection::flushed(long sent) {
  if (sent == -ENODATA) return abort(CloseReason::file_shrank);
  if (sent < 0) return abort(CloseReason::peer_reset);
  count_sent(static_cast<size_t>(sent));
  if (!output_.empty() || tells_drain_) tell_flushed(sent > 0);
}

[[gnu::noinline]] void SocketConnection::tell_flushed(bool some) {
  bool was_blocked = blocked_;
  settled_ = false;
  blocked_ = !output_.empty();
  tells_next_drain_ = false;
  tells_drain_ = tells_each_drain_ || blocked_ || paused_;
  row_.queued_bytes = static_cast<uint32_t>(output_.bytes());
  if (blocked_ && (some || !was_blocked)) await_room();
  if (phase_ != Phase::open) return;
  if (!blocked_) endpoint_->protocol->on_drained(*this);
  else if (some) endpoint_->protocol->on_partly_sent(*this);
}

// Asks the Reactor for what is wanted now. A connection that ends in the turn in which it was accepted
// never gets here, and so costs no epoll_ctl.
void SocketConnection::watch() {
  bool reads = phase_ == Phase::open ? !paused_ : true;
  uint32_t wanted = (reads && !peer_finished_ ? sys::kReadable : 0u) | (blocked_ ? sys::kWritable : 0u);
  if ((registered_ || hung_up_) && wanted == watched_) return;
  long failed =
      registered_ ? reactor().modify(socket_.get(), wanted) : reactor().add(socket_.get(), wanted, *this);
  if (failed < 0) return abort(CloseReason::no_memory);
  registered_ = true;
  watched_ = wanted & (sys::kReadable | sys::kWritable);
}

sys::Address SocketConnection::local_address() const {
  Result<sys::Address> address = sys::local_address(socket_.get());
  return address ? *address : sys::Address();
}

// ---------------------------------------------------------------- ending

void SocketConnection::finish_closing() {
  if (!linger_ || peer_finished_) return abort(reason_);
  phase_ = Phase::lingering;
  sys::shutdown_write(socket_.get());
  set_deadline(clock().now_ms + kLingerMs);
}

void SocketConnection::detach() {
  if (registered_) reactor().remove(socket_.get());
}

// ---------------------------------------------------------------- time

void SocketConnection::await_room() {
  kernel_queue_ = sys::send_queue_bytes(socket_.get());
  put_deadline(clock().now_ms + endpoint_->write_stall_ms);
}

// A socket has room again when a third of its buffer is free, which may be a megabyte. That a client does
// read, however slowly, shows earlier, in what the kernel holds for it.
void SocketConnection::check_stall() {
  uint32_t before = kernel_queue_;
  await_room();
  if (kernel_queue_ >= before) abort(CloseReason::write_stalled);
}

void SocketConnection::on_timer() {
  if (clock().now_ms < deadline_ms_) return arm_timer();
  if (phase_ == Phase::lingering) return abort(reason_);
  if (blocked_) return check_stall();
  if (phase_ == Phase::open) endpoint_->protocol->on_deadline(*this);
}

}  // namespace oklo::net
