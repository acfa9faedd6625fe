#include "net/block_pool.h"

#include <cstring>

namespace oklo {

void Block::compact() {
  if (begin == 0) return;
  std::memmove(data, data + begin, end - begin);
  end -= begin;
  begin = 0;
}

BlockPool::~BlockPool() {
  for (Block* block : free_) delete block;
}

Block* BlockPool::take() {
  if (free_.empty()) return new Block;
  Block* block = free_.back();
  free_.pop_back();
  return block;
}

void BlockPool::give_back(Block* block) {
  if (free_.size() >= kKept) {
    delete block;
    return;
  }
  block->next = nullptr;
  block->begin = block->end = 0;
  block->kind = Block::Kind::bytes;
  free_.push_back(block);
}

}  // namespace oklo
