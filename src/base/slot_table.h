#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace oklo {

// A pool of T at addresses that never change, in chunks of 64. A chunk, once made, stays: what was many
// may become many again. Freed places are used again, the last one first.
template <class T>
class SlotTable {
 public:
  SlotTable() = default;
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable() {
    for_each([this](T& item) { erase(item); });
  }

  // T is made with its own index as the first argument, and must give it back from slot_index().
  template <class... Args>
  T& insert(Args&&... args) {
    if (free_.empty()) grow();
    uint32_t index = free_.back();
    free_.pop_back();
    Chunk& chunk = *chunks_[index / kChunk];
    chunk.used |= uint64_t{1} << (index % kChunk);
    size_++;
    return *new (chunk.place(index % kChunk)) T(index, std::forward<Args>(args)...);
  }

  void erase(T& item) {
    uint32_t index = item.slot_index();
    Chunk& chunk = *chunks_[index / kChunk];
    uint64_t bit = uint64_t{1} << (index % kChunk);
    OKLO_ASSERT(chunk.used & bit);
    item.~T();
    chunk.used &= ~bit;
    free_.push_back(index);
    size_--;
  }

  // The T with that index, nullptr when there is none.
  T* find(uint32_t index) {
    if (index / kChunk >= chunks_.size()) return nullptr;
    Chunk& chunk = *chunks_[index / kChunk];
    return chunk.used >> (index % kChunk) & 1 ? chunk.place(index % kChunk) : nullptr;
  }

  // Calls `visit` for each T that is there; it may erase the one it is called for.
  template <class F>
  void for_each(F visit) {
    for (auto& chunk : chunks_)
      for (uint64_t left = chunk->used; left; left &= left - 1) visit(*chunk->place(std::countr_zero(left)));
  }

  size_t size() const { return size_; }

 private:
  static constexpr uint32_t kChunk = 64;

  struct Chunk {
    uint64_t used = 0;
    alignas(T) unsigned char memory[kChunk * sizeof(T)];
    T* place(size_t i) { return std::launder(reinterpret_cast<T*>(memory + i * sizeof(T))); }
  };

  void grow() {
    uint32_t first = static_cast<uint32_t>(chunks_.size()) * kChunk;
    chunks_.emplace_back(new Chunk);
    for (uint32_t i = kChunk; i > 0; i--) free_.push_back(first + i - 1);
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<uint32_t> free_;
  size_t size_ = 0;
};

}  // namespace oklo
