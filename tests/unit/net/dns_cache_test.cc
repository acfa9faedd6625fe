#include "net/dns_cache.h"

#include <doctest/doctest.h>

using oklo::DnsCache;
using oklo::LookupOutcome;

TEST_CASE("net/dns_cache: answers are kept as long as they hold") {
  DnsCache cache;
  cache.put("4a", {LookupOutcome::found, 0, 10, {{1}}}, 1000);
  REQUIRE(cache.find("4a", 10'999) != nullptr);
  CHECK(cache.find("4a", 10'999)->addresses.size() == 1);
  CHECK(cache.find("6a", 1000) == nullptr);
  CHECK(cache.find("4a", 11'000) == nullptr);
  CHECK(cache.size() == 0);
}

TEST_CASE("net/dns_cache: nothing is kept for a minute at most, something for a day, failures not at all") {
  DnsCache cache;
  cache.put("x", {LookupOutcome::no_name, 0, 4'000'000'000}, 0);
  CHECK(cache.find("x", 59'999) != nullptr);
  CHECK(cache.find("x", 60'000) == nullptr);
  cache.put("x", {LookupOutcome::no_data, 0, 5}, 0);
  CHECK(cache.find("x", 5000) == nullptr);
  cache.put("x", {LookupOutcome::found, 0, 4'000'000'000}, 0);
  CHECK(cache.find("x", 86'399'999) != nullptr);
  CHECK(cache.find("x", 86'400'000) == nullptr);
  for (LookupOutcome outcome : {LookupOutcome::timeout, LookupOutcome::server_failed,
                                LookupOutcome::malformed, LookupOutcome::unreachable})
    cache.put("x", {outcome, 0, 100}, 0);
  cache.put("x", {LookupOutcome::found, 0, 0}, 0);
  CHECK(cache.size() == 0);
}

TEST_CASE("net/dns_cache: it is bounded, and what ends first makes room") {
  DnsCache cache;
  for (unsigned i = 0; i < DnsCache::kEntriesMax; i++)
    cache.put(std::to_string(i), {LookupOutcome::found, 0, 1000 - i}, 0);
  cache.put("0", {LookupOutcome::found, 0, 2000}, 0);
  CHECK(cache.find("511", 0) != nullptr);
  cache.put("new", {LookupOutcome::found, 0, 3000}, 0);
  CHECK(cache.size() == DnsCache::kEntriesMax);
  CHECK(cache.find("511", 0) == nullptr);
  CHECK(cache.find("510", 0) != nullptr);
  cache.clear();
  CHECK(cache.find("new", 0) == nullptr);
}
