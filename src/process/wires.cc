#include "process/wires.h"

#include <utility>

#include "base/assert.h"

namespace oklo {

Result<Wires> Wires::create(uint32_t threads, uint32_t slots) {
  Wires made(threads, slots);
  for (uint32_t i = 0; i < threads * slots; i++) {
    Result<sys::SocketPair> pair = sys::SocketPair::create(sys::PairKind::datagrams);
    if (!pair) return pair.error();
    sys::widen_send_buffer(pair->first.get(), kBufferBytes);
    sys::widen_send_buffer(pair->second.get(), kBufferBytes);
    made.pairs_.push_back(std::move(pair).value());
  }
  return made;
}

const sys::SocketPair& Wires::pair(uint32_t thread, uint32_t slot) const {
  OKLO_ASSERT(thread < threads_ && slot < slots_);
  return pairs_[thread * slots_ + slot];
}

bool Wires::waits_for(uint32_t slot) const {
  for (uint32_t thread = 0; thread < threads_; thread++)
    if (sys::message_waits(worker_end(thread, slot))) return true;
  return false;
}

void Wires::add_gate_ends(std::vector<int>& to) const {
  for (const sys::SocketPair& pair : pairs_) to.push_back(pair.first.get());
}

void Wires::add_worker_ends(uint32_t slot, std::vector<int>& to) const {
  for (uint32_t thread = 0; thread < threads_; thread++) to.push_back(worker_end(thread, slot));
}

void Wires::add_worker_ends(std::vector<int>& to) const {
  for (const sys::SocketPair& pair : pairs_) to.push_back(pair.second.get());
}

}  // namespace oklo
