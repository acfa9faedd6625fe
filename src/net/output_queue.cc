#include "net/output_queue.h"

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "sys/socket.h"

namespace oklo {

namespace {

// What the data of a block of kind `shared` holds.
struct SharedPart {
  BytesRef bytes;
  std::string_view rest;
};

// What the data of a block of kind `file` holds.
struct FilePart {
  sys::Fd file;
  uint64_t offset;
  uint64_t left;
};

template <class Part>
Part& part_of(Block& block) {
  return *std::launder(reinterpret_cast<Part*>(block.data));
}

std::string_view memory_of(Block& block) {
  if (block.kind == Block::Kind::shared) return part_of<SharedPart>(block).rest;
  return {block.data + block.begin, block.end - block.begin};
}

}  // namespace

void OutputQueue::pop(BlockPool& pool) {
  Block* block = head_;
  head_ = block->next;
  if (!head_) tail_ = nullptr;
  if (block->kind == Block::Kind::shared) part_of<SharedPart>(*block).~SharedPart();
  if (block->kind == Block::Kind::file) part_of<FilePart>(*block).~FilePart();
  pool.give_back(block);
}

void OutputQueue::append(BlockPool& pool, std::string_view bytes) {
  while (!bytes.empty()) {
    std::span<char> space = room(pool, 1);
    size_t n = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), n);
    advance(n);
    bytes.remove_prefix(n);
  }
}

void OutputQueue::append_shared(BlockPool& pool, const BytesRef& bytes, std::string_view view) {
  if (view.empty()) return;
  Block* block = push(pool, Block::Kind::shared);
  new (block->data) SharedPart{bytes, view};
  bytes_ += view.size();
}

void OutputQueue::append_file(BlockPool& pool, sys::Fd file, uint64_t offset, uint64_t size) {
  if (size == 0) return;
  Block* block = push(pool, Block::Kind::file);
  new (block->data) FilePart{std::move(file), offset, size};
}

size_t OutputQueue::gather(iovec* parts, bool& more) const {
  size_t count = 0;
  Block* block = head_;
  for (; block && block->kind != Block::Kind::file && count < kPartsMax; block = block->next) {
    std::string_view memory = memory_of(*block);
    parts[count++] = {const_cast<char*>(memory.data()), memory.size()};
  }
  more = block != nullptr;
  return count;
}

void OutputQueue::consume(BlockPool& pool, size_t bytes) {
  bytes_ -= bytes;
  while (head_ && head_->kind != Block::Kind::file) {
    size_t here = std::min(bytes, memory_of(*head_).size());
    bytes -= here;
    if (here < memory_of(*head_).size()) {
      if (head_->kind == Block::Kind::shared) part_of<SharedPart>(*head_).rest.remove_prefix(here);
      else head_->begin += static_cast<uint32_t>(here);
      return;
    }
    pop(pool);
  }
}

long OutputQueue::send_memory(int socket, BlockPool& pool, bool& all) {
  iovec parts[kPartsMax];
  bool more = false;
  size_t count = gather(parts, more);
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += parts[i].iov_len;
  long n = sys::send_parts(socket, parts, count, more);
  if (n >= 0) consume(pool, static_cast<size_t>(n));  // Parts without a byte go too.
  all = n == static_cast<long>(size);
  return n;
}

long OutputQueue::send_file(int socket, BlockPool& pool, bool& all) {
  FilePart& part = part_of<FilePart>(*head_);
  size_t size = static_cast<size_t>(std::min<uint64_t>(part.left, kFileBytesAtOnce));
  long n = sys::send_file(socket, part.file.get(), part.offset, size);
  all = n == static_cast<long>(size);
  if (n == 0) return -ENODATA;
  if (n < 0) return n;
  part.left -= static_cast<uint64_t>(n);
  if (part.left == 0) pop(pool);
  else if (all) all = false;  // One connection sends no more than this in a turn.
  return n;
}

long OutputQueue::send_rest(BlockPool& pool, long sent) {
  if (sent > 0) consume(pool, static_cast<size_t>(sent));
  return sent == -EAGAIN ? 0 : sent;
}

long OutputQueue::send_parts_to(int socket, BlockPool& pool) {
  long sent = 0;
  for (bool all = true; head_ && all;) {
    bool is_file = head_->kind == Block::Kind::file;
    long n = is_file ? send_file(socket, pool, all) : send_memory(socket, pool, all);
    if (n == -EAGAIN) break;
    if (n < 0) return n;
    sent += n;
  }
  return sent;
}

void OutputQueue::clear(BlockPool& pool) {
  while (head_) pop(pool);
  bytes_ = 0;
}

}  // namespace oklo
