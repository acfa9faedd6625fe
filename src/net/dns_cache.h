#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "net/dns_query.h"

namespace oklo {

// What name servers have answered, as long as it holds. When it is full, what would hold for the shortest
// time makes room.
class DnsCache {
 public:
  static constexpr size_t kEntriesMax = 512;          // 256 names, each with both kinds of address
  static constexpr uint32_t kTtlMaxS = 24 * 3600;
  static constexpr uint32_t kNegativeTtlMaxS = 60;    // of no_name and no_data (RFC 2308)

  // nullptr: it must be asked for. It holds until the next call.
  const DnsResult* find(const std::string& key, uint64_t now_ms);
  void put(const std::string& key, const DnsResult& result, uint64_t now_ms);
  void clear() { entries_.clear(); }

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    DnsResult result;
    uint64_t ends_ms;
  };

  std::map<std::string, Entry> entries_;
};

}  // namespace oklo
