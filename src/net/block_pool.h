#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

  Block* take();
  void give_back(Block* block);

 private:
  static constexpr size_t kKept = 64;  // more than these go back to the allocator

  std::vector<Block*> free_;
};

}  // namespace oklo
