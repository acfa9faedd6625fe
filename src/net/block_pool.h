#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace oklo {

// A piece of memory of a connection that has bytes under way; [begin, end) of `data` is in use.
struct Block {
  static constexpr size_t kBytes = 16 * 1024;

  // What the block stands for in an OutputQueue.
  enum class Kind : uint8_t { bytes, shared, file };

  Block* next = nullptr;
  uint32_t begin = 0;
  uint32_t end = 0;
  Kind kind = Kind::bytes;
  alignas(64) char data[kBytes];

  std::span<char> content() { return {data + begin, end - begin}; }
  std::span<char> space() { return {data + end, kBytes - end}; }
  bool empty() const { return begin == end; }
  // Moves the content to the front, so that all free space is behind it.
  void compact();
};

// The blocks of a worker. An idle connection holds none. The last one that came back, whose memory is
// still in the processor's cache, is the next one given.
class BlockPool {
 public:
  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  Block* take() {
    Block* block = free_;
    if (!block) return new Block;
    free_ = block->next;
    kept_--;
    block->next = nullptr;
    return block;
  }
  void give_back(Block* block) {
    if (kept_ == kKept) return discard(block);
    block->begin = block->end = 0;
    block->kind = Block::Kind::bytes;
    block->next = free_;
    free_ = block;
    kept_++;
  }

 private:
  static constexpr size_t kKept = 64;  // more than these go back to the allocator

  static void discard(Block* block);

  Block* free_ = nullptr;
  size_t kept_ = 0;
};

}  // namespace oklo
