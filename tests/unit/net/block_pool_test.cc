#include "net/block_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "net/heap.h"

using oklo::Block;
using oklo::BlockPool;

namespace {

std::string_view content_of(Block& block) { return {block.content().data(), block.content().size()}; }

void put(Block& block, std::string_view text) {
  REQUIRE(block.space().size() >= text.size());
  text.copy(block.space().data(), text.size());
  block.end += static_cast<uint32_t>(text.size());
}

std::vector<Block*> take_many(BlockPool& pool, size_t count) {
  std::vector<Block*> blocks;
  while (blocks.size() < count) blocks.push_back(pool.take());
  return blocks;
}

void give_back_all(BlockPool& pool, const std::vector<Block*>& blocks) {
  for (Block* block : blocks) pool.give_back(block);
}

}  // namespace

TEST_CASE("net/block_pool: a block is empty, all of it is space, and it stands in no list") {
  BlockPool pool;
  Block* block = pool.take();
  CHECK(block->empty());
  CHECK(block->content().empty());
  CHECK(block->space().size() == Block::kBytes);
  CHECK(block->next == nullptr);
  pool.give_back(block);
}

TEST_CASE("net/block_pool: the last one that came back is the next one given") {
  BlockPool pool;
  std::vector<Block*> blocks = take_many(pool, 3);
  pool.give_back(blocks[1]);
  pool.give_back(blocks[0]);
  pool.give_back(blocks[2]);
  CHECK(pool.take() == blocks[2]);
  CHECK(pool.take() == blocks[0]);
  CHECK(pool.take() == blocks[1]);
  give_back_all(pool, blocks);
}

TEST_CASE("net/block_pool: what was in use comes back as new") {
  BlockPool pool;
  Block* block = pool.take();
  Block* other = pool.take();
  put(*block, "some bytes");
  block->begin = 4;
  pool.give_back(other);
  pool.give_back(block);
  REQUIRE(pool.take() == block);
  CHECK(block->empty());
  CHECK(block->begin == 0);
  CHECK(block->space().size() == Block::kBytes);
  CHECK(block->next == nullptr);
  pool.give_back(block);
}

TEST_CASE("net/block_pool: notes stand in a pool of their own") {
  BlockPool pool;
  oklo::Note* note = pool.take_note();
  oklo::Note* other = pool.take_note();
  CHECK(note->next == nullptr);
  pool.give_back(other);
  pool.give_back(note);
  Block* block = pool.take();
  CHECK(pool.take_note() == note);
  CHECK(note->next == nullptr);
  CHECK(pool.take_note() == other);
  pool.give_back(block);
  pool.give_back(note);
  pool.give_back(other);
}

TEST_CASE("net/block_pool: compact makes all free space lie behind the content") {
  BlockPool pool;
  Block* block = pool.take();
  put(*block, std::string(Block::kBytes - 6, '.') + "abcdef");
  CHECK(block->space().empty());
  block->begin = Block::kBytes - 6;
  block->compact();
  CHECK(content_of(*block) == "abcdef");
  CHECK(block->space().size() == Block::kBytes - 6);
  block->compact();
  CHECK(content_of(*block) == "abcdef");
  put(*block, "gh");
  CHECK(content_of(*block) == "abcdefgh");
  block->begin = block->end;
  block->compact();
  CHECK(block->empty());
  CHECK(block->space().size() == Block::kBytes);
  pool.give_back(block);
}

TEST_CASE("net/block_pool: content that overlaps its new place is moved whole") {
  BlockPool pool;
  Block* block = pool.take();
  std::string text;
  while (text.size() < Block::kBytes) text += static_cast<char>('a' + text.size() % 23);
  put(*block, text);
  block->begin = 7;
  block->compact();
  CHECK(content_of(*block) == text.substr(7));
  pool.give_back(block);
}

TEST_CASE("net/block_pool: it keeps the first that come back, up to its bound; others it frees") {
  constexpr size_t kMany = 200;
  BlockPool pool;
  std::vector<Block*> blocks = take_many(pool, kMany);
  size_t before = heap_in_use();
  give_back_all(pool, blocks);
  size_t freed = before - heap_in_use();
  Block* first = pool.take();
  size_t kept = static_cast<size_t>(std::find(blocks.begin(), blocks.end(), first) - blocks.begin()) + 1;
  REQUIRE(kept < kMany);
  for (size_t i = kept - 1; i > 0; i--) CHECK(pool.take() == blocks[i - 1]);
  if (heap_is_counted()) CHECK(freed / sizeof(Block) == kMany - kept);
  for (size_t i = 0; i < kept; i++) pool.give_back(blocks[i]);
}

TEST_CASE("net/block_pool: it keeps many notes, but not all of a crowd") {
  constexpr size_t kMany = 5000;
  BlockPool pool;
  std::vector<oklo::Note*> notes;
  while (notes.size() < kMany) notes.push_back(pool.take_note());
  size_t before = heap_in_use();
  for (oklo::Note* note : notes) pool.give_back(note);
  size_t freed = before - heap_in_use();
  oklo::Note* first = pool.take_note();
  size_t kept = static_cast<size_t>(std::find(notes.begin(), notes.end(), first) - notes.begin()) + 1;
  CHECK(kept < kMany);
  if (heap_is_counted()) CHECK(freed >= (kMany - kept) * sizeof(oklo::Note));
  pool.give_back(first);
}

TEST_CASE("net/block_pool: it frees what it keeps when it dies, and that alone") {
  size_t before = heap_in_use();
  Block* held = nullptr;
  {
    BlockPool pool;
    std::vector<Block*> blocks = take_many(pool, 10);
    held = blocks[3];
    std::erase(blocks, held);
    give_back_all(pool, blocks);
  }
  put(*held, "still there");
  CHECK(content_of(*held) == "still there");
  if (heap_is_counted()) {
    CHECK(heap_in_use() >= before + sizeof(Block));
    CHECK(heap_in_use() < before + 2 * sizeof(Block));
  }
  BlockPool other;
  other.give_back(held);
}

TEST_CASE("net/block_pool: the block that it lends is the same until somebody keeps it") {
  BlockPool pool;
  Block* lent = pool.lend();
  CHECK(lent->empty());
  CHECK(pool.lend() == lent);
  CHECK(pool.is_lent(lent));
  std::vector<Block*> blocks = take_many(pool, 3);
  CHECK(std::find(blocks.begin(), blocks.end(), lent) == blocks.end());
  give_back_all(pool, blocks);
  pool.keep(blocks[0]);  // Not lent: nothing happens.
  CHECK(pool.lend() == lent);
  pool.keep(lent);
  CHECK(!pool.is_lent(lent));
  CHECK(pool.lend() != lent);
  CHECK(pool.lend()->empty());
  pool.give_back(lent);
}
