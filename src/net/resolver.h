#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/slot_table.h"
#include "net/dns_cache.h"
#include "net/dns_query.h"
#include "net/resolver_files.h"
#include "reactor/reactor.h"
#include "sys/address.h"

#include <oklo/function.h>
#include <oklo/resolve.h>

namespace oklo {

struct LookupAnswer {
  LookupOutcome outcome = LookupOutcome::no_name;
  std::vector<sys::Address> addresses = {};  // without a port, in the order in which to try them
  std::string error = {};                    // one sentence; empty when they were found
};

// Looks up host names, as <oklo/resolve.h> tells. One in each process that wants it; it must outlive the
// calls of its functions. Lookups of the same name share what they ask for.
class Resolver final : private DnsQuery::Asker, private Timer {
 public:
  using Callback = Function<void(const LookupAnswer& answer)>;

  Resolver(Reactor& reactor, const ResolverOptions& options);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Calls `callback` in a later phase or turn, never from here. 0, and it is not called: too many are under
  // way.
  uint64_t lookup(std::string_view name, const LookupOptions& options, Callback callback);
  // The callback is not called any more. Nothing happens when it was, or there is no such lookup.
  void cancel(uint64_t number);

  size_t lookups() const { return lookups_.size(); }
  size_t queries() const { return queries_.size(); }

 private:
  static constexpr size_t kTypes = 2;
  static constexpr std::array<codec::DnsType, kTypes> kType = {codec::DnsType::aaaa, codec::DnsType::a};

  struct Lookup {
    Lookup(uint32_t index_given, uint32_t sequence_given, std::string_view text, const LookupOptions& wanted,
           Callback function)
        : index(index_given),
          sequence(sequence_given),
          name(text),
          options(wanted),
          callback(std::move(function)) {}
    uint32_t slot_index() const { return index; }
    uint64_t number() const { return uint64_t{sequence} << 32 | index; }
    bool wants(codec::DnsType type) const { return type == codec::DnsType::a ? options.ipv4 : options.ipv6; }

    uint32_t index;
    uint32_t sequence;
    std::string name;
    LookupOptions options;
    Callback callback;
    std::vector<std::string> names = {};               // to ask for, one after the other
    size_t names_asked = 0;
    std::array<const DnsQuery*, kTypes> waits_for = {};
    std::array<DnsResult, kTypes> results = {};
    LookupAnswer answer = {};
    int number_of_error = 0;
  };

  Lookup* find(uint64_t number);
  void begin(Lookup& lookup);
  bool answer_here(Lookup& lookup, std::string_view name);
  void add_address(Lookup& lookup, const sys::Address& address);
  void go_on(Lookup& lookup);
  void ask(Lookup& lookup, const std::string& name);
  const DnsQuery* query_for(const std::string& key, codec::DnsType type, const std::string& name);
  static bool judge(Lookup& lookup);
  void finish(Lookup& lookup);
  void on_answer(DnsQuery& query) override;
  void on_timer() override;
  bool waited_for(const DnsQuery* query);

  Reactor& reactor_;
  ResolverFiles files_;
  DnsCache cache_;
  QueryIds ids_;
  size_t rotation_ = 0;
  SlotTable<Lookup> lookups_;
  uint32_t sequence_ = 0;
  std::map<std::string, std::unique_ptr<DnsQuery>> queries_;
  std::vector<uint64_t> finished_;  // whose callbacks are to be called
};

}  // namespace oklo
