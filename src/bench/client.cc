#include "bench/client.h"

#include "sys/socket.h"

namespace oklo::bench {

long Client::connect(const sys::Address& address) { return sys::begin_connect(address, {}, socket_); }

void Client::close() {
  socket_.reset();
  state = State::closed;
  slow_at = sent_ = 0;
  is_first = true;
  under_way_ = 0;
  rest_.clear();
  unread.clear();
  reader_->reset();
}

long Client::send(std::string_view bytes) {
  if (has_rest()) {
    rest_ += bytes;
    return 0;
  }
  long sent = sys::send_bytes(fd(), bytes.data(), bytes.size());
  if (sent < 0 && !sys::try_later(sent)) return sent;
  rest_ = bytes.substr(sent < 0 ? 0 : static_cast<size_t>(sent));
  return 0;
}

long Client::send_rest() {
  long sent = sys::send_bytes(fd(), rest_.data(), rest_.size());
  if (sent < 0) return sys::try_later(sent) ? 0 : sent;
  rest_.erase(0, static_cast<size_t>(sent));
  return 0;
}

uint64_t Client::pop_due() {
  uint64_t due = dues_[oldest_];
  oldest_ = (oldest_ + 1) % static_cast<unsigned>(dues_.size());
  under_way_--;
  return due;
}

}  // namespace oklo::bench
