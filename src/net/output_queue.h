#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/assert.h"
#include "base/copy_short.h"
#include "net/block_pool.h"
#include "net/shared_bytes.h"
#include "sys/fd.h"
#include "sys/socket.h"

#include <oklo/function.h>

struct iovec;

namespace oklo {

// What a connection has still to send, in order: bytes, shared bytes, pieces of files. It holds blocks of
// the pool only while there is something; clear must be called before it dies.
class OutputQueue {
 public:
  ~OutputQueue() { OKLO_ASSERT(!head_); }

  std::span<char> room(BlockPool& pool, size_t bytes) {
    if (tail_ && tail_->kind == Piece::Kind::block) {
      std::span<char> space = static_cast<Block*>(tail_)->space();
      if (space.size() >= bytes) return space;
    }
    Block* block = pool.take();
    push(*block);
    return block->space();
  }
  // Behind room, whose answer it was written to.
  void advance(size_t bytes) {
    static_cast<Block*>(tail_)->end += static_cast<uint32_t>(bytes);
    bytes_ += bytes;
  }
  void append(BlockPool& pool, std::string_view bytes);
  // As append, where that is done with a few instructions; false when it is not, and nothing has happened.
  bool append_short(BlockPool& pool, std::string_view bytes) {
    if (bytes.size() - 1 >= kShortBytesMax) return false;  // also what is empty
    char* to = tail_ ? room_in_tail(bytes.size()) : room_in_first(pool, bytes.size());
    if (!to) return false;
    copy_short(to, bytes.data(), bytes.size());
    return true;
  }
  void append_shared(BlockPool& pool, const BytesRef& bytes, std::string_view view);
  void append_file(BlockPool& pool, sys::Fd file, uint64_t offset, uint64_t size);

  // Sends what the socket takes of a queue that is not empty, in one system call where nothing but memory
  // waits. The number of bytes sent, or a negative errno number; -ENODATA: a file was shorter than promised.
  long send_to(int socket, BlockPool& pool);

  // For who sends it himself: the block that is all there is, or nullptr. Afterwards it is taken out, or what
  // was sent of it; the answer of take_out is as that of send_to.
  Block* only_block() const {
    bool only = head_ && head_ == tail_ && head_->kind == Piece::Kind::block;
    return only ? static_cast<Block*>(head_) : nullptr;
  }
  void take_out(BlockPool& pool, Block* block) {
    pool.give_back(block);
    head_ = tail_ = nullptr;
    bytes_ = 0;
  }
  long take_out(BlockPool& pool, long sent);

  // Takes out shared bytes that are here whole, the oldest first, until so many bytes are out or there are no
  // more; `on_drop` is called for each. What has begun to be sent stays.
  void drop_shared(BlockPool& pool, size_t bytes, const Function<void(std::string_view)>& on_drop);

  // Takes all of it out, in order, for somebody else to send: `take_bytes` is called for what is in memory,
  // `take_file` for each part of a file. What was in memory still counts until it is forgotten.
  void hand_over(BlockPool& pool, const Function<void(std::string_view)>& take_bytes,
                 const Function<void(sys::Fd file, uint64_t offset, uint64_t size)>& take_file);
  void forget(size_t bytes) { bytes_ -= bytes; }

  bool empty() const { return head_ == nullptr; }
  size_t bytes() const { return bytes_; }  // in memory: files count nothing
  void clear(BlockPool& pool);

 private:
  static constexpr size_t kShortBytesMax = kCopyShortMax;
  static constexpr size_t kPartsMax = 16;
  static constexpr size_t kFileBytesAtOnce = 1 << 20;

  void push(Piece& piece) {
    piece.next = nullptr;
    if (head_) tail_->next = &piece;
    else head_ = &piece;
    tail_ = &piece;
  }
  char* room_in_tail(size_t size) {
    if (tail_->kind != Piece::Kind::block) return nullptr;
    Block* block = static_cast<Block*>(tail_);
    if (Block::kBytes - block->end < size) return nullptr;
    char* to = block->data + block->end;
    advance(size);
    return to;
  }
  char* room_in_first(BlockPool& pool, size_t size) {
    if (!pool.has_kept()) return nullptr;
    Block* block = pool.take_kept();
    tail_ = block;
    block->next = nullptr;
    block->end = static_cast<uint32_t>(size);
    bytes_ += size;
    head_ = block;
    return block->data;
  }
  void pop(BlockPool& pool);
  static void give_back(BlockPool& pool, Piece* piece);
  size_t gather(iovec* parts, bool& more) const;
  void consume(BlockPool& pool, size_t bytes);
  long send_memory(int socket, BlockPool& pool, bool& all);
  long send_file(int socket, BlockPool& pool, bool& all);

  Piece* head_ = nullptr;
  Piece* tail_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace oklo
