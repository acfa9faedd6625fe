#include "shm/scoreboard.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "base/assert.h"

namespace oklo {

std::string_view close_reason_name(CloseReason reason) {
  static constexpr std::string_view kNames[] = {
      "peer_closed",  "peer_reset",    "finished",   "bad_request", "header_timeout",
      "body_timeout", "idle_timeout",  "write_stalled", "queue_full", "file_shrank",
      "handler_failed", "no_memory", "drained", "aborted", "message_too_big", "protocol_error",
      "denied", "too_many", "proxy_header",
  };
  static_assert(std::size(kNames) == static_cast<size_t>(CloseReason::count));
  return kNames[static_cast<size_t>(reason)];
}

namespace {

// What is kept of a life that is gone, beside why its connections ended and how long clients waited.
constexpr Counter LifeRow::*kSummed[] = {
    &LifeRow::accepted, &LifeRow::requests, &LifeRow::bytes_in, &LifeRow::bytes_out,
    &LifeRow::log_lines_dropped, &LifeRow::error_lines_dropped, &LifeRow::accept_pauses,
    &LifeRow::messages_dropped, &LifeRow::broadcasts_missed, &LifeRow::dispatched_wrong,
    &LifeRow::packets_dropped, &LifeRow::wires_broken, &LifeRow::deliveries_lost,
    &LifeRow::deliveries_repeated, &LifeRow::requests_limited, &LifeRow::packets_refused,
    &LifeRow::addresses_unknown,
};

void add(LifeRow& sum, const LifeRow& of) {
  for (Counter LifeRow::*counter : kSummed) (sum.*counter).add((of.*counter).value());
  for (size_t i = 0; i < of.closed.size(); i++) sum.closed[i].add(of.closed[i].value());
  sum.answer_us.merge(of.answer_us);
}

}  // namespace

Result<Scoreboard> Scoreboard::create(uint32_t lives_max, uint32_t slots, uint32_t gate_lives) {
  size_t bytes = (size_t{lives_max} + kSums) * sizeof(LifeRow) + sizeof(ServiceRow) + slots * sizeof(SlotRow);
  Result<sys::Memory> memory = sys::Memory::allocate_shared(bytes);
  if (!memory) return memory.error();
  return Scoreboard(std::move(memory).value(), lives_max, slots, gate_lives);
}

// The lives come first and are whole cache lines, so what follows them is aligned.
ServiceRow& Scoreboard::service() const { return *reinterpret_cast<ServiceRow*>(&row(kSums + lives_)); }

SlotRow& Scoreboard::slot(uint32_t index) const {
  OKLO_ASSERT(index < slots_);
  return reinterpret_cast<SlotRow*>(&service() + 1)[index];
}

LifeRow& Scoreboard::row(uint32_t index) const { return reinterpret_cast<LifeRow*>(memory_.data())[index]; }

LifeRow& Scoreboard::life(uint32_t index) const {
  OKLO_ASSERT(index < lives_);
  return row(kSums + index);
}

const LifeRow& Scoreboard::gone(Keeper by) const { return row(static_cast<uint32_t>(by)); }

int64_t Scoreboard::begin_life(uint32_t slot, uint32_t generation, uint64_t now_ms, Keeper keeper) const {
  uint32_t end = keeper == Keeper::gate ? gate_lives_ : lives_;
  for (uint32_t i = keeper == Keeper::gate ? 0 : gate_lives_; i < end; i++) {
    if (life(i).state.load() != LifeState::none) continue;
    uint32_t serial = life(i).serial + 1;
    LifeRow& fresh = *new (&life(i)) LifeRow{};
    fresh.serial = serial;
    fresh.slot = slot;
    fresh.generation = generation;
    fresh.started_ms.set(now_ms);
    fresh.state = LifeState::starting;
    return i;
  }
  return -1;
}

void Scoreboard::end_life(uint32_t index, Keeper by) const {
  LifeRow& ended = life(index);
  add(row(static_cast<uint32_t>(by)), ended);
  ended.state = LifeState::none;
}

// A life may end between two looks at its counters; nobody is to see a total that is smaller than before.
void Scoreboard::carry(const Scoreboard& from) const {
  LifeRow sum = {};
  for (uint32_t i = 0; i < kSums + from.lives_; i++)
    if (i < kSums || from.row(i).state.load() != LifeState::none) add(sum, from.row(i));
  LifeRow& carried = row(kBefore);
  auto follow = [](Counter& to, const Counter& of) { to.set(std::max(to.value(), of.value())); };
  for (Counter LifeRow::*counter : kSummed) follow(carried.*counter, sum.*counter);
  for (size_t i = 0; i < sum.closed.size(); i++) follow(carried.closed[i], sum.closed[i]);
  carried.answer_us.follow(sum.answer_us);
}

}  // namespace oklo
