#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace oklo {

// What stands in an OutputQueue, or waits in a pool.
struct Piece {
  enum class Kind : uint8_t { block, shared, file };

  Piece* next = nullptr;
  Kind kind = Kind::block;
};

// A piece of memory of a connection that has bytes under way; [begin, end) of `data` is in use.
struct Block : Piece {
  static constexpr size_t kBytes = 16 * 1024;

  uint32_t begin = 0;
  uint32_t end = 0;
  alignas(64) char data[kBytes];

  std::span<char> content() { return {data + begin, end - begin}; }
  std::span<char> space() { return {data + end, kBytes - end}; }
  bool empty() const { return begin == end; }
  // Moves the content to the front, so that all free space is behind it.
  void compact();
};

// Room for a piece that only says where its bytes are.
struct Note : Piece {
  static constexpr size_t kBytes = 40;

  alignas(8) char data[kBytes];
};

// The blocks of a worker. An idle connection holds none. The last one that came back, whose memory is
// still in the processor's cache, is the next one given.
class BlockPool {
 public:
  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  Block* take() { return blocks_.first ? blocks_.pop<Block>() : new Block; }
  void give_back(Block* block) {
    if (blocks_.count == kBlocksKept) return discard(block);
    block->begin = block->end = 0;
    blocks_.push(block);
  }

  Note* take_note() { return notes_.first ? notes_.pop<Note>() : new Note; }
  void give_back(Note* note) {
    if (notes_.count == kNotesKept) return discard(note);
    notes_.push(note);
  }

 private:
  // More than these go back to the allocator.
  static constexpr size_t kBlocksKept = 64;
  static constexpr size_t kNotesKept = 1024;

  struct Stack {
    void push(Piece* piece) {
      piece->next = first;
      first = piece;
      count++;
    }
    template <class T>
    T* pop() {
      T* piece = static_cast<T*>(first);
      first = piece->next;
      count--;
      piece->next = nullptr;
      return piece;
    }
    Piece* first = nullptr;
    size_t count = 0;
  };

  static void discard(Block* block);
  static void discard(Note* note);

  Stack blocks_;
  Stack notes_;
};

}  // namespace oklo
