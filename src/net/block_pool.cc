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
  delete lent_;
  while (block_count_) discard(blocks_[--block_count_]);
  while (note_count_) discard(notes_[--note_count_]);
}

void BlockPool::discard(Block* block) { delete block; }
void BlockPool::discard(Note* note) { delete note; }

}  // namespace oklo
