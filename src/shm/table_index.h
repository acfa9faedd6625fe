#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sys/shared_mutex.h"

namespace oklo {

// The index of a SharedTable: which rows of a fixed pool are in use, and a hash table of chains that finds
// them. It stands in shared memory that it borrows, zeroed at first. Inside all is by number, so the memory
// may stand at another address in another process. It knows rows by their numbers alone; what they hold is
// the table's.
//
// Locks. Buckets are dealt out to at most 64 stripes, and who reads or changes a chain holds the lock of its
// stripe (TableHold). A process that dies gives up its lock, and the next holder repairs the stripe.
//
// Why a death at any moment does no harm: one store links a row into its chain or out of it. From before it
// is taken out of the pool until it is linked, and from before it is unlinked until it is back, the stripe
// names it; if its holder died in between, the repair gives it back to the pool unless the chain holds it.
// These stores have release order, so they happen in the order in which they are written here.
class TableIndex {
 public:
  static constexpr uint32_t kRowsMax = uint32_t{1} << 30;
  static constexpr uint32_t kStripesMax = 64;

  // How much memory it takes, a multiple of 64 bytes; and the index that stands there.
  static uint64_t bytes(uint32_t rows);
  TableIndex(char* memory, uint32_t rows);
  void init() const;  // once, before others know of it

  // Where the rows of a hash stand.
  struct Place {
    uint32_t bucket;
    uint32_t stripe;
  };
  Place place(uint64_t hash) const;

  // A link of a chain: a row plus one, or 0 at the end. Under the lock of its stripe.
  using Link = std::atomic<uint32_t>;
  Link& first(Place place) const { return words_[buckets_at_ + place.bucket]; }
  Link& next(uint32_t row) const { return words_[next_at_ + row]; }

  // All under the lock of the place's stripe. A row that was taken is to be linked or given back before the
  // lock is. There is none to take when all are in use, and perhaps when the last ones change hands in this
  // moment, or one was in the hands of a process that died and nobody has used its stripe since.
  bool take(Place place, uint32_t& row) const;  // out of the pool
  void link(Place place, uint32_t row) const;
  void give_back(Place place, uint32_t row) const;
  void erase(Place place, Link& link) const;  // the row that the link names: unlinks it and gives it back

  // The rows that are linked, or about to be. Without a lock it is what was true at about this time.
  uint32_t size() const;
  // The stripe that uses a row, plus one; 0 when it is in the pool. Under the lock of that stripe it stays.
  uint32_t user(uint32_t row) const { return words_[users_at_ + row].load(std::memory_order_acquire); }

 private:
  friend class TableHold;

  // What the holder of the lock does with a row, named before it begins.
  struct alignas(64) Stripe {
    sys::SharedMutex mutex;
    std::atomic<uint32_t> row;     // plus one; 0: nothing
    std::atomic<uint32_t> bucket;
    std::atomic<uint32_t> others;  // how many rows the stripe has beside this one
  };

  Stripe& stripe(uint32_t index) const { return stripes_[index]; }
  std::atomic<uint32_t>& count(uint32_t stripe) const { return words_[stripe]; }
  std::atomic<uint32_t>& search_from() const { return words_[kStripesMax]; }
  std::atomic<uint32_t>& user_of(uint32_t row) const { return words_[users_at_ + row]; }

  void name(Place place, uint32_t row, uint32_t others) const;
  void repair(uint32_t stripe) const;
  bool linked(Place place, uint32_t row) const;

  uint32_t rows_;
  uint32_t buckets_;       // a power of two
  uint32_t stripe_count_;  // a power of two, not more than the buckets
  Stripe* stripes_;
  std::atomic<uint32_t>* words_;  // the rows of each stripe, where to search, the buckets, users, nexts
  size_t buckets_at_;
  size_t users_at_;
  size_t next_at_;
};

// Holds the lock of a stripe as long as it lives.
class TableHold {
 public:
  TableHold(const TableIndex& index, uint32_t stripe);
  TableHold(const TableHold&) = delete;
  TableHold& operator=(const TableHold&) = delete;
  ~TableHold() { stripe_.mutex.unlock(); }

 private:
  TableIndex::Stripe& stripe_;
};

}  // namespace oklo
