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
  while (free_) discard(take());
}

void BlockPool::discard(Block* block) { delete block; }

}  // namespace oklo
