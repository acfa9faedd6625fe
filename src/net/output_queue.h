#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/assert.h"
#include "net/block_pool.h"
#include "net/shared_bytes.h"
#include "sys/fd.h"
#include "sys/socket.h"

struct iovec;

namespace oklo {

// What a connection has still to send, in order: bytes, shared bytes, pieces of files. It holds blocks of
// the pool only while there is something; clear must be called before it dies.
class OutputQueue {
 public:
  ~OutputQueue() { OKLO_ASSERT(!head_); }

  std::span<char> room(BlockPool& pool, size_t bytes) {
    bool fits = tail_ && tail_->kind == Block::Kind::bytes && tail_->space().size() >= bytes;
    return (fits ? tail_ : push(pool, Block::Kind::bytes))->space();
  }
  void advance(size_t bytes) { tail_->end += static_cast<uint32_t>(bytes); bytes_ += bytes; }
  void append(BlockPool& pool, std::string_view bytes);
  void append_shared(BlockPool& pool, const BytesRef& bytes, std::string_view view);
  void append_file(BlockPool& pool, sys::Fd file, uint64_t offset, uint64_t size);

  // Sends what the socket takes of a queue that is not empty, in one system call where nothing but memory
  // waits. The number of bytes sent, or a negative errno number; -ENODATA: a file was shorter than promised.
  // Nearly always one block is all there is, and the socket takes it.
  long send_to(int socket, BlockPool& pool) {
    if (head_ != tail_ || head_->kind != Block::Kind::bytes) return send_parts_to(socket, pool);
    size_t size = head_->end - head_->begin;
    long sent = sys::send_bytes(socket, head_->data + head_->begin, size);
    if (sent != static_cast<long>(size)) return send_rest(pool, sent);
    pool.give_back(head_);
    head_ = tail_ = nullptr;
    bytes_ = 0;
    return sent;
  }

  bool empty() const { return head_ == nullptr; }
  size_t bytes() const { return bytes_; }  // in memory: files count nothing
  void clear(BlockPool& pool);

 private:
  static constexpr size_t kPartsMax = 16;
  static constexpr size_t kFileBytesAtOnce = 1 << 20;

  Block* push(BlockPool& pool, Block::Kind kind) {
    Block* block = pool.take();
    block->kind = kind;
    if (head_) tail_->next = block;
    else head_ = block;
    return tail_ = block;
  }
  void pop(BlockPool& pool);
  size_t gather(iovec* parts, bool& more) const;
  void consume(BlockPool& pool, size_t bytes);
  long send_rest(BlockPool& pool, long sent);
  long send_parts_to(int socket, BlockPool& pool);
  long send_memory(int socket, BlockPool& pool, bool& all);
  long send_file(int socket, BlockPool& pool, bool& all);

  Block* head_ = nullptr;
  Block* tail_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace oklo
