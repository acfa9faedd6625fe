#include "net/dns_cache.h"

#include <algorithm>

namespace oklo {

namespace {

// How long it is kept: failures are not.
uint64_t seconds_of(const DnsResult& result) {
  if (result.outcome == LookupOutcome::found) return std::min(result.ttl_s, DnsCache::kTtlMaxS);
  bool negative = result.outcome == LookupOutcome::no_name || result.outcome == LookupOutcome::no_data;
  return negative ? std::min(result.ttl_s, DnsCache::kNegativeTtlMaxS) : 0;
}

}  // namespace

const DnsResult* DnsCache::find(const std::string& key, uint64_t now_ms) {
  auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  if (found->second.ends_ms > now_ms) return &found->second.result;
  entries_.erase(found);
  return nullptr;
}

void DnsCache::put(const std::string& key, const DnsResult& result, uint64_t now_ms) {
  uint64_t seconds = seconds_of(result);
  if (seconds == 0) return;
  auto ends_first = [](const auto& a, const auto& b) { return a.second.ends_ms < b.second.ends_ms; };
  if (entries_.size() == kEntriesMax && !entries_.contains(key))
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), ends_first));
  entries_.insert_or_assign(key, Entry{result, now_ms + seconds * 1000});
}

}  // namespace oklo
