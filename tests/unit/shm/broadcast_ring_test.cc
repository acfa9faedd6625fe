#include "shm/broadcast_ring.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <string>

#include "child.h"

using oklo::BroadcastHead;
using oklo::BroadcastMark;
using oklo::BroadcastRing;

namespace {

constexpr size_t kWord = BroadcastRing::kWord;

void store_head(const BroadcastRing& ring, uint64_t position, const BroadcastHead& head) {
  ring.store(position, reinterpret_cast<const char*>(&head), sizeof head);
}

}  // namespace

TEST_CASE("shm/broadcast_ring: a payload may be a quarter of the capacity") {
  BroadcastRing ring = BroadcastRing::create(4096).value();
  CHECK(ring.capacity() == 4096);
  CHECK(ring.payload_max() == 1024);
  CHECK(ring.oldest().value() == BroadcastMark{});
  CHECK(ring.published().value() == BroadcastMark{});
}

TEST_CASE("shm/broadcast_ring: a record is a head and its payload, rounded up to 8 bytes") {
  CHECK(BroadcastRing::record_bytes(0) == 24);
  CHECK(BroadcastRing::record_bytes(1) == 32);
  CHECK(BroadcastRing::record_bytes(8) == 32);
  CHECK(BroadcastRing::record_bytes(9) == 40);
}

TEST_CASE("shm/broadcast_ring: bytes go around the end, at any place and of any length") {
  constexpr size_t kCapacity = 64;
  BroadcastRing ring = BroadcastRing::create(kCapacity).value();
  std::string text = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (uint64_t round : {uint64_t{0}, uint64_t{1} << 40})
    for (uint64_t position = 0; position < 2 * kCapacity; position += kWord)
      for (size_t size = 0; size <= text.size(); size++) {
        ring.store(round * kCapacity + position, text.data(), size);
        std::string out(size, '?');
        ring.load(position % kCapacity, out.data(), size);
        REQUIRE(out == text.substr(0, size));
      }
}

TEST_CASE("shm/broadcast_ring: what fills up the last word is zero, and nothing else is touched") {
  BroadcastRing ring = BroadcastRing::create(64).value();
  std::string full(64, 'x'), out(64, '?');
  for (size_t size = 1; size < 3 * kWord; size++) {
    ring.store(0, full.data(), full.size());
    ring.store(2 * kWord, "abcdefghijklmnopqrstuvwxyz", size);
    ring.load(0, out.data(), out.size());
    size_t padding = (kWord - size % kWord) % kWord;
    std::string expected = full.substr(0, 2 * kWord) +
                           std::string("abcdefghijklmnopqrstuvwxyz").substr(0, size) +
                           std::string(padding, '\0');
    expected.resize(64, 'x');
    CHECK(out == expected);
  }
}

TEST_CASE("shm/broadcast_ring: a head counts when it bears the sequence and the record fits") {
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastMark at = {8000, 70}, end = {8000 + 24 + 64, 71};
  auto seen = [&](uint64_t sequence, uint32_t size) {
    store_head(ring, at.position, {sequence, 5, size, 9});
    return ring.head(at, end).has_value();
  };
  CHECK(seen(70, 64));
  CHECK(ring.head(at, end)->target == 5);
  CHECK(ring.head(at, end)->size == 64);
  CHECK(ring.head(at, end)->kind == 9);
  CHECK(seen(70, 0));
  CHECK(!seen(70, 65));  // longer than a payload may be
  CHECK(!seen(70, UINT32_MAX));
  CHECK(!seen(71, 64));
  CHECK(!seen(69, 64));
  CHECK(!seen(0, 0));
  end.position -= 8;
  CHECK(!seen(70, 64));
  CHECK(seen(70, 56));
  CHECK(!seen(70, 57));
}

TEST_CASE("shm/broadcast_ring: a capacity that is no power of two is a bug") {
  for (size_t capacity : {0, 32, 65, 4095})
    CHECK(in_child([&] {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            (void)BroadcastRing::create(capacity);
            return 0;
          }) == 1000 + SIGABRT);
}
