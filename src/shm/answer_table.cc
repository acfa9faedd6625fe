#include "shm/answer_table.h"

#include <atomic>

namespace oklo {

namespace {

constexpr uint32_t kEnded = 1;
constexpr uint32_t kStops = 2;
constexpr uint32_t kGone = 4;

}  // namespace

void AnswerNews::add(const AnswerNews& more) {
  sent += more.sent;
  ended = ended || more.ended;
  stops = stops || more.stops;
  if (more.gone) gone = more.gone;
}

Result<AnswerTable> AnswerTable::create(uint32_t rows) {
  Result<sys::Memory> memory = sys::Memory::allocate_shared(size_t{rows} * sizeof(SharedValue<Place>));
  if (!memory) return memory.error();
  return AnswerTable(std::move(memory).value());
}

// Whoever writes looks afterwards whether somebody is to be told, and who is to be told by nobody any more
// looks here afterwards: so one of them sees what the other did.
void AnswerTable::add(ConnectionId id, uint32_t request, const AnswerNews& news) const {
  AnswerNews all = find(id, request);
  all.add(news);
  uint32_t flags = (all.ended ? kEnded : 0) | (all.stops ? kStops : 0) | (all.gone ? kGone : 0);
  uint32_t reason = static_cast<uint32_t>(all.gone.value_or(CloseReason{}));
  place(id).set({id.generation, request, all.sent, flags, reason});
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

AnswerNews AnswerTable::find(ConnectionId id, uint32_t request) const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  Place found = place(id).value();
  AnswerNews news;
  if (found.generation != id.generation || found.request != request) return news;
  news.sent = found.sent;
  news.ended = found.flags & kEnded;
  news.stops = found.flags & kStops;
  if (found.flags & kGone) news.gone = static_cast<CloseReason>(found.reason);
  return news;
}

}  // namespace oklo
