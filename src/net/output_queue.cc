#include "net/output_queue.h"

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "sys/socket.h"

namespace oklo {

namespace {

// What a note of kind `shared` holds.
struct SharedPart {
  BytesRef bytes;
  std::string_view rest;
};

// What a note of kind `file` holds.
struct FilePart {
  sys::Fd file;
  uint64_t offset;
  uint64_t left;
};

template <class Part>
Part& part_of(Piece& piece) {
  static_assert(sizeof(Part) <= Note::kBytes && alignof(Part) <= 8);
  return *std::launder(reinterpret_cast<Part*>(static_cast<Note&>(piece).data));
}

std::string_view memory_of(Piece& piece) {
  if (piece.kind == Piece::Kind::shared) return part_of<SharedPart>(piece).rest;
  std::span<char> content = static_cast<Block&>(piece).content();
  return {content.data(), content.size()};
}

}  // namespace

void OutputQueue::pop(BlockPool& pool) {
  Piece* piece = head_;
  head_ = piece->next;
  if (!head_) tail_ = nullptr;
  give_back(pool, piece);
}

void OutputQueue::give_back(BlockPool& pool, Piece* piece) {
  if (piece->kind == Piece::Kind::block) return pool.give_back(static_cast<Block*>(piece));
  if (piece->kind == Piece::Kind::shared) part_of<SharedPart>(*piece).~SharedPart();
  else part_of<FilePart>(*piece).~FilePart();
  pool.give_back(static_cast<Note*>(piece));
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
  Note* note = pool.take_note();
  note->kind = Piece::Kind::shared;
  new (note->data) SharedPart{bytes, view};
  push(*note);
  bytes_ += view.size();
}

void OutputQueue::drop_shared(BlockPool& pool, size_t bytes,
                              const Function<void(std::string_view)>& on_drop) {
  size_t dropped = 0;
  Piece* before = nullptr;
  for (Piece *piece = head_, *next; piece && dropped < bytes; piece = next) {
    next = piece->next;
    bool whole = piece->kind == Piece::Kind::shared &&
                 part_of<SharedPart>(*piece).rest.size() == part_of<SharedPart>(*piece).bytes.view().size();
    if (!whole) {
      before = piece;
      continue;
    }
    dropped += memory_of(*piece).size();
    on_drop(memory_of(*piece));
    (before ? before->next : head_) = next;
    if (!next) tail_ = before;
    give_back(pool, piece);
  }
  bytes_ -= dropped;
}

void OutputQueue::append_file(BlockPool& pool, sys::Fd file, uint64_t offset, uint64_t size) {
  if (size == 0) return;
  Note* note = pool.take_note();
  note->kind = Piece::Kind::file;
  new (note->data) FilePart{std::move(file), offset, size};
  push(*note);
}

size_t OutputQueue::gather(iovec* parts, bool& more) const {
  size_t count = 0;
  Piece* piece = head_;
  for (; piece && piece->kind != Piece::Kind::file && count < kPartsMax; piece = piece->next) {
    std::string_view memory = memory_of(*piece);
    parts[count++] = {const_cast<char*>(memory.data()), memory.size()};
  }
  more = piece != nullptr;
  return count;
}

void OutputQueue::consume(BlockPool& pool, size_t bytes) {
  bytes_ -= bytes;
  while (head_ && head_->kind != Piece::Kind::file) {
    size_t here = std::min(bytes, memory_of(*head_).size());
    bytes -= here;
    if (here < memory_of(*head_).size()) {
      if (head_->kind == Piece::Kind::shared) part_of<SharedPart>(*head_).rest.remove_prefix(here);
      else static_cast<Block*>(head_)->begin += static_cast<uint32_t>(here);
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

long OutputQueue::take_out(BlockPool& pool, long sent) {
  if (sent >= 0) consume(pool, static_cast<size_t>(sent));  // A block without a byte goes too.
  return sys::try_later(sent) ? 0 : sent;
}

// One piece in memory needs no list of parts.
long OutputQueue::send_to(int socket, BlockPool& pool) {
  if (head_ == tail_ && head_->kind != Piece::Kind::file) {
    std::string_view memory = memory_of(*head_);
    return take_out(pool, sys::send_bytes(socket, memory.data(), memory.size()));
  }
  long sent = 0;
  for (bool all = true; head_ && all;) {
    bool is_file = head_->kind == Piece::Kind::file;
    long n = is_file ? send_file(socket, pool, all) : send_memory(socket, pool, all);
    if (n == -EAGAIN) break;
    if (n < 0) return n;
    sent += n;
  }
  return sent;
}

void OutputQueue::hand_over(BlockPool& pool, const Function<void(std::string_view)>& take_bytes,
                            const Function<void(sys::Fd, uint64_t, uint64_t)>& take_file) {
  while (head_) {
    if (head_->kind == Piece::Kind::file) {
      FilePart& part = part_of<FilePart>(*head_);
      take_file(std::move(part.file), part.offset, part.left);
    } else if (std::string_view memory = memory_of(*head_); !memory.empty()) {
      take_bytes(memory);
    }
    pop(pool);
  }
}

void OutputQueue::clear(BlockPool& pool) {
  while (head_) pop(pool);
  bytes_ = 0;
}

}  // namespace oklo
