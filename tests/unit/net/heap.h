#pragma once

#include <malloc.h>

#include <cstddef>
#include <memory>

// How many bytes the allocator has given out.
inline size_t heap_in_use() {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Whether heap_in_use tells: the allocator of a sanitizer doesn't, and finds by itself what is not freed
// or freed too early.
inline bool heap_is_counted() {
  size_t before = heap_in_use();
  auto memory = std::make_unique<char[]>(1 << 20);
  memory[0] = 1;
  return heap_in_use() >= before + (1 << 20);
}
