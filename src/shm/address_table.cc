#include "shm/address_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/siphash.h"
#include "sys/random.h"

namespace oklo {

namespace {

constexpr uint32_t kSteps = 16;           // in which one request flows in
constexpr uint64_t kClockSlackMs = 10'000;  // the clock of a process may be as old as its turn is long
constexpr int kTries = 100;                 // where others do the same at this moment

uint32_t sure(uint32_t value, uint32_t otherwise) { return value ? value : otherwise; }

}  // namespace

Result<void> AddressTable::check(const AddressLimits& limits) {
  if (limits.addresses == 0 || limits.addresses > kAddressesMax)
    return Error{0, "per_address: addresses must be 1 to 1000000"};
  if (limits.requests_s > kRequestsMax) return Error{0, "per_address: requests_s must be at most 1000000"};
  if (limits.burst > kBurstMax) return Error{0, "per_address: burst must be at most 1000000"};
  return {};
}

Result<AddressTable> AddressTable::create(const AddressLimits& limits, uint32_t lives) {
  if (Result<void> checked = check(limits); !checked) return checked.error();
  Result<std::vector<codec::Network>> except = codec::parse_networks(limits.except);
  if (!except) return Error{0, "per_address: " + except.error().text};
  size_t counts_bytes = limits.connections ? size_t{lives} * kWays * sizeof(uint32_t) : 0;  // of a bucket
  uint32_t buckets = (limits.addresses + kWays - 1) / kWays;
  if (counts_bytes)
    buckets = static_cast<uint32_t>(std::min<size_t>(buckets, kCountsBytesMax / counts_bytes));
  Result<sys::Memory> memory = sys::Memory::allocate_shared(buckets * (sizeof(Bucket) + counts_bytes));
  if (!memory) return memory.error();
  AddressTable table(limits, lives, buckets, std::move(memory).value());
  table.except_ = std::move(except).value();
  return table;
}

AddressTable::AddressTable(const AddressLimits& limits, uint32_t lives, uint32_t buckets, sys::Memory memory)
    : limits_(limits),
      hash_key_(sys::random_key()),
      lives_(lives),
      buckets_(buckets),
      memory_(std::move(memory)) {
  limits_.burst = sure(limits.burst, limits.requests_s);
}

// ---------------------------------------------------------------- connections

AddressTable::Answer AddressTable::enter(const uint8_t* peer, uint32_t life, uint64_t now_ms,
                                         uint32_t& place) const {
  place = 0;
  if (!limits_connections() || is_free(peer)) return Answer::yes;
  Key key = key_of(peer);
  uint32_t found = find_or_add(key, life, steps_at(now_ms));
  if (found == kNone) return Answer::unknown;
  Answer answer = count_one(found, key.tag, life);
  if (answer == Answer::yes) place = found + 1;
  return answer;
}

// The own number grows before the others are looked at, and before it is looked at whose the entry is: so of
// two that do this at once, each at its own number, one sees the other. Where both are one too many, each
// takes its own back, and who does so last finds that there is room.
AddressTable::Answer AddressTable::count_one(uint32_t place, uint32_t tag, uint32_t life) const {
  std::atomic<uint32_t>& own = count(place, life);
  uint32_t before = own.load(std::memory_order_relaxed);
  for (int i = 0; i < kTries; i++) {
    own.store(before + 1);
    bool still_there = entry(place).tag.load() == tag;
    if (still_there && sum(place) <= limits_.connections) return Answer::yes;
    own.store(before);
    if (!still_there) return Answer::unknown;
    if (sum(place) >= limits_.connections) break;
  }
  return Answer::no;
}

void AddressTable::leave(uint32_t place, uint32_t life) const {
  if (place == 0) return;
  std::atomic<uint32_t>& own = count(place - 1, life);
  own.store(own.load(std::memory_order_relaxed) - 1);
}

std::atomic<uint32_t>& AddressTable::count(uint32_t entry, uint32_t life) const {
  auto* counts = reinterpret_cast<std::atomic<uint32_t>*>(memory_.data() + buckets_ * sizeof(Bucket));
  return counts[size_t{entry} * lives_ + life];
}

uint32_t AddressTable::sum(uint32_t entry) const {
  uint32_t total = 0;
  if (!limits_connections()) return total;
  for (uint32_t life = 0; life < lives_; life++) total += count(entry, life).load();
  return total;
}

void AddressTable::end_life(uint32_t life) const {
  for (uint32_t i = 0; i < buckets_; i++) {
    uint32_t its_own = life + 1;
    bucket(i).holder.compare_exchange_strong(its_own, 0);
    if (!limits_connections()) continue;
    for (uint32_t way = 0; way < kWays; way++)
      if (bucket(i).entries[way].tag.load() != kFree) count(i * kWays + way, life).store(0);
  }
}

// ---------------------------------------------------------------- requests

uint32_t AddressTable::steps_at(uint64_t now_ms) const {
  return static_cast<uint32_t>(now_ms * kSteps * limits_.requests_s / 1000);
}

// What lies further ahead than anything can has passed long ago.
uint32_t AddressTable::steps_until(uint32_t full_at, uint32_t now) const {
  uint64_t farthest = uint64_t{limits_.burst} * kSteps + steps_at(kClockSlackMs);
  uint32_t ahead = full_at - now;
  return ahead > std::min<uint64_t>(farthest, INT32_MAX) ? 0 : ahead;
}

AddressTable::Answer AddressTable::ask(const uint8_t* peer, uint32_t life, uint64_t now_ms,
                                       uint32_t& wait_s) const {
  wait_s = 0;
  if (!limits_requests() || is_free(peer)) return Answer::yes;
  uint32_t now = steps_at(now_ms);
  uint32_t found = find_or_add(key_of(peer), life, now);
  if (found == kNone) return Answer::unknown;
  std::atomic<uint32_t>& full_at = entry(found).full_at;
  uint32_t before = full_at.load(std::memory_order_relaxed);
  for (;;) {
    uint32_t after = steps_until(before, now) + kSteps;
    uint32_t room = limits_.burst * kSteps;
    if (after > room) {
      uint32_t steps_in_second = limits_.requests_s * kSteps;
      wait_s = (after - room + steps_in_second - 1) / steps_in_second;
      return Answer::no;
    }
    if (full_at.compare_exchange_weak(before, now + after, std::memory_order_relaxed)) return Answer::yes;
  }
}

// ---------------------------------------------------------------- which address stands where

// Of an IPv6 address the network that one client has.
AddressTable::Key AddressTable::key_of(const uint8_t* peer) const {
  bool v4 = codec::Ip::is_v4_form(peer);
  std::string_view part(reinterpret_cast<const char*>(peer) + (v4 ? 12 : 0), v4 ? 4 : 8);
  uint64_t hash = siphash(hash_key_, part);
  uint32_t index = static_cast<uint32_t>((hash >> 32) * buckets_ >> 32);
  return {index, std::max(static_cast<uint32_t>(hash), kTagMin)};
}

uint32_t AddressTable::find(Key key) const {
  Bucket& here = bucket(key.bucket);
  for (uint32_t way = 0; way < kWays; way++)
    if (here.entries[way].tag.load() == key.tag) return key.bucket * kWays + way;
  return kNone;
}

uint32_t AddressTable::find_or_add(Key key, uint32_t life, uint32_t now) const {
  uint32_t found = find(key);
  if (found != kNone) return found;
  Bucket& here = bucket(key.bucket);
  if (!hold(here, life)) return kNone;
  found = find(key);
  if (found == kNone) found = add(key, now);
  here.holder.store(0);
  return found;
}

bool AddressTable::hold(Bucket& here, uint32_t life) const {
  for (int i = 0; i < kTries; i++) {
    uint32_t nobody = 0;
    if (here.holder.compare_exchange_strong(nobody, life + 1)) return true;
  }
  return false;
}

// In the place of an address of which there is nothing to remember. One that begins a connection at this
// moment sees that its place is taken, or is seen here.
uint32_t AddressTable::add(Key key, uint32_t now) const {
  for (uint32_t way = 0; way < kWays; way++) {
    uint32_t place = key.bucket * kWays + way;
    Entry& one = entry(place);
    uint32_t tag = one.tag.load();
    bool full = tag < kTagMin || steps_until(one.full_at.load(), now) == 0;
    if (!full || sum(place) > 0) continue;
    one.tag.store(kLeaving);
    bool used = sum(place) > 0;
    if (!used) one.full_at.store(now);
    one.tag.store(used ? tag : key.tag);
    if (!used) return place;
  }
  return kNone;
}

}  // namespace oklo
