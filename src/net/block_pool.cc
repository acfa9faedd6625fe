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
  while (blocks_.first) discard(blocks_.pop<Block>());
  while (notes_.first) discard(notes_.pop<Note>());
}

void BlockPool::discard(Block* block) { delete block; }
void BlockPool::discard(Note* note) { delete note; }

}  // namespace oklo
