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

  Block* take() { return has_kept() ? take_kept() : new Block; }
  bool has_kept() const { return block_count_ > 0; }
  Block* take_kept() { return blocks_[--block_count_]; }
  void give_back(Block* block) {
    if (block_count_ == kBlocksKept) return discard(block);
    block->begin = block->end = 0;
    blocks_[block_count_++] = block;
  }

  // An empty block to receive into. Nearly always what came is consumed at once, and the next one gets the
  // same; who wants more of it says so with keep, and gives it back when it is not needed any more.
  Block* lend() { return lent_; }
  bool is_lent(const Block* block) const { return block == lent_; }
  void keep(const Block* block) {
    if (is_lent(block)) lent_ = take();
  }

  Note* take_note() { return note_count_ ? notes_[--note_count_] : new Note; }
  void give_back(Note* note) {
    if (note_count_ == kNotesKept) return discard(note);
    notes_[note_count_++] = note;
  }

 private:
  // More than these go back to the allocator.
  static constexpr size_t kBlocksKept = 64;
  static constexpr size_t kNotesKept = 1024;

  static void discard(Block* block);
  static void discard(Note* note);

  Block* lent_ = new Block;
  size_t block_count_ = 0;
  size_t note_count_ = 0;
  Block* blocks_[kBlocksKept];
  Note* notes_[kNotesKept];
};

}  // namespace oklo
