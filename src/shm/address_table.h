#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "codec/network.h"
#include "sys/memory.h"

#include <oklo/address_limits.h>

namespace oklo {

// What each address has under way in all processes, in shared memory that the master makes before it forks:
// its connections, and how many requests it made lately. It knows addresses by a keyed hash: the bucket that
// one half leads to, and the other half.
//
// Nobody waits for anybody. Each life counts the connections of an address in a number of its own, which it
// alone writes; their sum is what is compared. So who dies leaves one number for each address, and whoever
// buries it sets those back to zero. Which addresses stand in a bucket is changed by whoever holds it; who
// finds it held for long goes on without.
class AddressTable {
 public:
  static constexpr uint32_t kAddressesMax = 1'000'000;
  static constexpr uint32_t kBurstMax = 1'000'000;
  static constexpr uint32_t kRequestsMax = 1'000'000;

  // `lives`: as many as the Scoreboard has.
  static Result<AddressTable> create(const AddressLimits& limits, uint32_t lives);

  enum class Answer : uint8_t { yes, no, unknown };  // unknown: there is no place for its address

  // Whether a connection of that peer (16 bytes in the IPv6 form, or nullptr) may begin, in this life. Its
  // place, 0 where it does not count, is to be left when it ends.
  Answer enter(const uint8_t* peer, uint32_t life, uint64_t now_ms, uint32_t& place) const;
  void leave(uint32_t place, uint32_t life) const;
  // Whether a request may be answered; if not, in how many seconds another one may.
  Answer ask(const uint8_t* peer, uint32_t life, uint64_t now_ms, uint32_t& wait_s) const;

  bool limits_connections() const { return limits_.connections > 0; }
  bool limits_requests() const { return limits_.requests_s > 0; }

  // For who buries it: that life is gone, with its connections.
  void end_life(uint32_t life) const;

 private:
  static constexpr uint32_t kWays = 7;              // addresses in a bucket
  static constexpr size_t kCountsBytesMax = size_t{256} << 20;  // with more lives there is room for fewer
  static constexpr uint32_t kNone = UINT32_MAX;
  // Below these no hash is kept.
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kLeaving = 1;           // it is about to stand for another address
  static constexpr uint32_t kTagMin = 2;

  // One address. `full_at` tells when its bucket of requests is full again, in steps of a sixteenth of the
  // time in which one flows in. The steps wrap around after weeks or hours, as the rate is.
  struct Entry {
    std::atomic<uint32_t> tag;
    std::atomic<uint32_t> full_at;
  };
  struct alignas(64) Bucket {
    std::atomic<uint32_t> holder;  // a life plus one; 0: nobody
    std::array<Entry, kWays> entries;
  };
  static_assert(sizeof(Bucket) == 64);

  struct Key {
    uint32_t bucket;
    uint32_t tag;
  };

  AddressTable(const AddressLimits& limits, uint32_t lives, uint32_t buckets, sys::Memory memory);
  static Result<void> check(const AddressLimits& limits);

  bool is_free(const uint8_t* peer) const { return !peer || codec::any_contains(except_, peer); }
  Key key_of(const uint8_t* peer) const;
  uint32_t find(Key key) const;
  uint32_t find_or_add(Key key, uint32_t life, uint32_t now) const;
  uint32_t add(Key key, uint32_t now) const;
  Answer count_one(uint32_t place, uint32_t tag, uint32_t life) const;
  bool hold(Bucket& bucket, uint32_t life) const;

  Bucket& bucket(uint32_t index) const { return reinterpret_cast<Bucket*>(memory_.data())[index]; }
  Entry& entry(uint32_t index) const { return bucket(index / kWays).entries[index % kWays]; }
  std::atomic<uint32_t>& count(uint32_t entry, uint32_t life) const;
  uint32_t sum(uint32_t entry) const;
  uint32_t steps_at(uint64_t now_ms) const;
  uint32_t steps_until(uint32_t full_at, uint32_t now) const;

  AddressLimits limits_;
  std::vector<codec::Network> except_;
  std::array<uint64_t, 2> hash_key_;
  uint32_t lives_;
  uint32_t buckets_;
  sys::Memory memory_;  // the buckets, then for each entry a number of each life
};

}  // namespace oklo
