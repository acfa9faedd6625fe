#include "shm/table_index.h"

#include <algorithm>
#include <bit>

namespace oklo {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcquire = std::memory_order_acquire;

// Beside the words of each stripe, before the buckets.
constexpr size_t kWordsBefore = TableIndex::kStripesMax + 16;

}  // namespace

TableIndex::TableIndex(char* memory, uint32_t rows)
    : rows_(rows),
      buckets_(std::bit_ceil(rows)),
      stripe_count_(std::min(buckets_, kStripesMax)),
      stripes_(reinterpret_cast<Stripe*>(memory)),
      words_(reinterpret_cast<std::atomic<uint32_t>*>(stripes_ + kStripesMax)),
      buckets_at_(kWordsBefore),
      users_at_(buckets_at_ + buckets_),
      next_at_(users_at_ + rows) {}

uint64_t TableIndex::bytes(uint32_t rows) {
  uint64_t words = kWordsBefore + uint64_t{std::bit_ceil(rows)} + uint64_t{2} * rows;
  return kStripesMax * sizeof(Stripe) + (words * sizeof(uint32_t) + 63) / 64 * 64;
}

void TableIndex::init() const {
  for (uint32_t i = 0; i < stripe_count_; i++) stripe(i).mutex.init();
}

TableIndex::Place TableIndex::place(uint64_t hash) const {
  uint32_t bucket = static_cast<uint32_t>(hash) & (buckets_ - 1);
  return {bucket, bucket & (stripe_count_ - 1)};
}

uint32_t TableIndex::size() const {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < stripe_count_; i++) sum += count(i).load(kRelaxed);
  return sum;
}

// The row comes last: from then on a repair looks at what is named.
void TableIndex::name(Place place, uint32_t row, uint32_t others) const {
  Stripe& named = stripe(place.stripe);
  named.bucket.store(place.bucket, kRelaxed);
  named.others.store(others, kRelaxed);
  named.row.store(row + 1, kRelease);
}

// The search begins where a row was last given back or taken. A row is named before it is taken; one that
// another stripe takes in this moment bears the name of that one, so a repair leaves it alone.
bool TableIndex::take(Place place, uint32_t& row) const {
  if (size() >= rows_) return false;
  uint32_t start = search_from().load(kRelaxed);
  uint32_t rows_here = count(place.stripe).load(kRelaxed);
  for (uint32_t i = 0; i < rows_; i++) {
    row = (start + i) % rows_;
    uint32_t nobody = 0;
    if (user_of(row).load(kRelaxed) != 0) continue;
    name(place, row, rows_here);
    if (!user_of(row).compare_exchange_strong(nobody, place.stripe + 1, std::memory_order_acq_rel)) continue;
    search_from().store(row + 1, kRelaxed);
    return true;
  }
  stripe(place.stripe).row.store(0, kRelease);
  return false;
}

void TableIndex::link(Place place, uint32_t row) const {
  next(row).store(first(place).load(kRelaxed), kRelaxed);
  first(place).store(row + 1, kRelease);
  count(place.stripe).store(stripe(place.stripe).others.load(kRelaxed) + 1, kRelease);
  stripe(place.stripe).row.store(0, kRelease);
}

void TableIndex::give_back(Place place, uint32_t row) const {
  user_of(row).store(0, kRelease);
  stripe(place.stripe).row.store(0, kRelease);
  search_from().store(row, kRelaxed);
}

void TableIndex::erase(Place place, Link& link) const {
  uint32_t row = link.load(kRelaxed) - 1;
  uint32_t others = count(place.stripe).load(kRelaxed) - 1;
  name(place, row, others);
  link.store(next(row).load(kRelaxed), kRelease);
  count(place.stripe).store(others, kRelease);
  give_back(place, row);
}

bool TableIndex::linked(Place place, uint32_t row) const {
  for (uint32_t at = first(place).load(kRelaxed); at != 0; at = next(at - 1).load(kRelaxed))
    if (at == row + 1) return true;
  return false;
}

// A death in the middle of this leaves the row named, and the next holder begins anew.
void TableIndex::repair(uint32_t index) const {
  Stripe& left = stripe(index);
  uint32_t named = left.row.load(kAcquire);
  if (named == 0) return;
  Place place = {left.bucket.load(kRelaxed), index};
  bool there = linked(place, named - 1);
  count(index).store(left.others.load(kRelaxed) + there, kRelease);
  if (!there && user(named - 1) == index + 1) user_of(named - 1).store(0, kRelease);
  left.row.store(0, kRelease);
}

TableHold::TableHold(const TableIndex& index, uint32_t stripe) : stripe_(index.stripe(stripe)) {
  if (stripe_.mutex.lock() == sys::SharedMutex::Locked::recovered) index.repair(stripe);
}

}  // namespace oklo
