#include "net/shared_bytes.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/heap.h"

using oklo::BytesRef;
using oklo::SharedBytes;

namespace {

constexpr size_t kMuch = 1 << 20;

BytesRef make_much() { return BytesRef::make(std::string(kMuch, 'x')); }

// Whether there is about `count` times kMuch more on the heap than before; true where nobody counts.
bool heap_holds(size_t count, size_t before) {
  size_t more = heap_in_use() - before + kMuch / 2;
  return !heap_is_counted() || more / kMuch == count;
}

}  // namespace

TEST_CASE("net/shared_bytes: no bytes") {
  BytesRef none;
  CHECK(!none);
  CHECK(none.view().empty());
  BytesRef copy = none;
  BytesRef moved = std::move(none);
  copy = moved;
  CHECK(!copy);
  CHECK(!BytesRef(nullptr));
}

TEST_CASE("net/shared_bytes: all holds see the same bytes at the same place") {
  BytesRef first = BytesRef::make("hello");
  BytesRef second = first;
  CHECK(first);
  CHECK(first.view() == "hello");
  CHECK(second.view().data() == first.view().data());
  CHECK(BytesRef(new SharedBytes("other")).view() == "other");
  CHECK(BytesRef::make("").view().empty());
  CHECK(BytesRef::make(""));
}

TEST_CASE("net/shared_bytes: the bytes live as long as the last hold") {
  size_t before = heap_in_use();
  std::optional<BytesRef> first = make_much();
  std::vector<BytesRef> others(10, *first);
  CHECK(heap_holds(1, before));
  first.reset();
  others.resize(1);
  CHECK(heap_holds(1, before));
  CHECK(others[0].view() == std::string(kMuch, 'x'));
  others.clear();
  CHECK(heap_holds(0, before));
}

TEST_CASE("net/shared_bytes: a hold that is moved from holds nothing") {
  size_t before = heap_in_use();
  BytesRef first = make_much();
  BytesRef second = std::move(first);
  CHECK(!first);
  CHECK(second.view().size() == kMuch);
  first = std::move(second);
  CHECK(!second);
  CHECK(heap_holds(1, before));
  first = BytesRef();
  CHECK(heap_holds(0, before));
}

TEST_CASE("net/shared_bytes: an assignment lets go of what was held") {
  size_t before = heap_in_use();
  BytesRef a = make_much(), b = make_much();
  CHECK(heap_holds(2, before));
  a = b;
  CHECK(heap_holds(1, before));
  CHECK(a.view().data() == b.view().data());
  const BytesRef& itself = a;
  a = itself;
  CHECK(a.view().size() == kMuch);
  b = BytesRef();
  CHECK(heap_holds(1, before));
  a = BytesRef();
  CHECK(heap_holds(0, before));
}
