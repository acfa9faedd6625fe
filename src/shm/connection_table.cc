#include "shm/connection_table.h"

namespace oklo {

namespace {

constexpr size_t kPage = 4096;

// The chunks stand in pages of their own, so that the rows are aligned to cache lines, and those of one
// chunk to a page.
size_t chunks_bytes(uint32_t rows) {
  size_t bytes = rows / ConnectionTable::kChunkRows * sizeof(ConnectionChunk);
  return (bytes + kPage - 1) / kPage * kPage;
}

// Zero is nobody.
uint32_t mark_of(uint32_t life) { return life + 1; }

bool in_use(uint32_t generation) { return generation % 2 == 1; }

}  // namespace

Result<ConnectionTable> ConnectionTable::create(uint32_t rows, uint32_t first_generation) {
  rows = (rows + kChunkRows - 1) / kChunkRows * kChunkRows;
  size_t bytes = chunks_bytes(rows) + size_t{rows} * sizeof(ConnectionRow);
  Result<sys::Memory> memory = sys::Memory::allocate_shared(bytes);
  if (!memory) return memory.error();
  return ConnectionTable(std::move(memory).value(), rows, first_generation);
}

ConnectionTable::ConnectionTable(sys::Memory memory, uint32_t rows, uint32_t first_generation)
    : memory_(std::move(memory)),
      rows_(rows),
      first_generation_(first_generation),
      first_row_(reinterpret_cast<ConnectionRow*>(memory_.data() + chunks_bytes(rows))) {}

std::optional<uint32_t> ConnectionTable::take_chunk(uint32_t life) const {
  for (uint32_t i = 0; i < chunk_count(); i++) {
    std::atomic<uint32_t>& owner = chunk(i).owner;
    uint32_t nobody = 0;
    if (owner.load(std::memory_order_relaxed) != 0) continue;
    if (!owner.compare_exchange_strong(nobody, mark_of(life), std::memory_order_acquire)) continue;
    chunk(i).used = 0;
    begin_rows(i);
    return i;
  }
  return std::nullopt;
}

// Rows that no connection has had yet are zero; to write them earlier would take memory for all.
void ConnectionTable::begin_rows(uint32_t chunk) const {
  for (uint32_t at = chunk * kChunkRows; first_generation_ && at < (chunk + 1) * kChunkRows; at++)
    if (row(at).generation.load(std::memory_order_relaxed) == 0)
      row(at).generation.store(first_generation_, std::memory_order_relaxed);
}

void ConnectionTable::return_chunk(uint32_t index) const {
  chunk(index).owner.store(0, std::memory_order_release);
}

uint32_t ConnectionTable::reclaim(uint32_t life) const {
  uint32_t were_in_use = 0;
  for (uint32_t i = 0; i < chunk_count(); i++) {
    if (chunk(i).owner.load(std::memory_order_acquire) != mark_of(life)) continue;
    for (uint32_t at = i * kChunkRows; at < (i + 1) * kChunkRows; at++) {
      uint32_t generation = row(at).generation.load(std::memory_order_relaxed);
      if (!in_use(generation)) continue;
      row(at).generation.store(generation + 1, std::memory_order_release);
      were_in_use++;
    }
    return_chunk(i);
  }
  return were_in_use;
}

}  // namespace oklo
