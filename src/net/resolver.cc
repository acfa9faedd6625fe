#include "net/resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"
#include "base/result.h"
#include "net/address_order.h"
#include "sys/outgoing.h"

namespace oklo {

namespace {

// What other servers are asked, or have answered, is another matter.
std::string key_of(const NameServers& servers, codec::DnsType type, std::string_view name) {
  std::string key = decimal(servers.version) + (type == codec::DnsType::a ? " A " : " AAAA ");
  for (char c : name) key.push_back(to_lower(c));
  return key;
}

// RFC 6761 section 6.3.
bool is_localhost(std::string_view name) {
  constexpr std::string_view kLocal = ".localhost";
  if (equal_ignoring_case(name, kLocal.substr(1))) return true;
  return name.size() > kLocal.size() && equal_ignoring_case(name.substr(name.size() - kLocal.size()), kLocal);
}

// Whoever reads the log must not be misled by what stands in a name.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (char c : name) text.push_back(c > ' ' && c < '\x7f' ? c : '?');
  return text + '"';
}

// A server that failed may know the next name of the search list. One that says nothing would cost the same
// time again.
bool ends_search(LookupOutcome outcome) {
  using Outcome = LookupOutcome;
  return outcome == Outcome::malformed || outcome == Outcome::timeout || outcome == Outcome::unreachable;
}

std::string sentence(LookupOutcome outcome, std::string_view name, int number) {
  std::string text = quoted(name);
  switch (outcome) {
    case LookupOutcome::found: return {};
    case LookupOutcome::no_name: return "there is no host " + text;
    case LookupOutcome::no_data: return "the host " + text + " has no such address";
    case LookupOutcome::server_failed: return "no name server could look up " + text;
    case LookupOutcome::malformed: return "what name servers answer for " + text + " is malformed";
    case LookupOutcome::timeout: return "no name server has answered for " + text + " in time";
    case LookupOutcome::unreachable: return system_error(number, "cannot ask a name server for " + text).text;
    case LookupOutcome::bad_name: break;
  }
  return "the host name " + text + " is none";
}

}  // namespace

Resolver::Resolver(Reactor& reactor, const ResolverOptions& options)
    : reactor_(reactor), files_(options.resolv_conf, options.hosts, options.port) {}

Resolver::~Resolver() { reactor_.timers().cancel(*this); }

// ---------------------------------------------------------------- from the call to the callback

// What is longer than any name is cut, and refused all the same.
uint64_t Resolver::lookup(std::string_view name, const LookupOptions& options, Callback callback) {
  if (lookups_.size() == kLookupsMax) return 0;
  if (++sequence_ == 0) sequence_ = 1;
  name = name.substr(0, codec::kDnsNameBytesMax + 2);
  Lookup& lookup = lookups_.insert(sequence_, name, options, std::move(callback));
  begin(lookup);
  return lookup.number();
}

Resolver::Lookup* Resolver::find(uint64_t number) {
  Lookup* lookup = lookups_.find(static_cast<uint32_t>(number));
  return lookup && lookup->number() == number ? lookup : nullptr;
}

void Resolver::begin(Lookup& lookup) {
  std::string_view name = lookup.name;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (answer_here(lookup, name)) return finish(lookup);
  lookup.names = codec::names_to_try(files_.conf(), lookup.name);
  go_on(lookup);
}

// Whether it needs no server.
bool Resolver::answer_here(Lookup& lookup, std::string_view name) {
  lookup.answer.outcome = LookupOutcome::no_data;
  if (std::optional<sys::Address> address = sys::numeric_address(lookup.name, 0)) {
    add_address(lookup, *address);
    return true;
  }
  if (const char* fault = codec::dns_name_fault(name)) {
    lookup.answer = {LookupOutcome::bad_name, {}, "the host name " + quoted(lookup.name) + ' ' + fault};
    return true;
  }
  if (!lookup.options.ipv4 && !lookup.options.ipv6) return true;
  if (is_localhost(name)) {
    for (const char* loopback : {"::1", "127.0.0.1"}) add_address(lookup, *sys::numeric_address(loopback, 0));
    return true;
  }
  if (files_.refresh(reactor_.clock().now_s)) cache_.clear();
  bool known = false;
  for (std::string_view text : files_.hosts().find(name)) {
    std::optional<sys::Address> address = sys::numeric_address(text, 0);
    known = known || address;
    if (address) add_address(lookup, *address);
  }
  if (!known) lookup.answer.outcome = LookupOutcome::no_name;
  return known;
}

void Resolver::add_address(Lookup& lookup, const sys::Address& address) {
  bool wanted = address.family() == AF_INET6 ? lookup.options.ipv6 : lookup.options.ipv4;
  std::vector<sys::Address>& all = lookup.answer.addresses;
  if (!wanted || std::find(all.begin(), all.end(), address) != all.end()) return;
  if (all.size() < 2 * codec::kDnsAddressesMax) all.push_back(address);
  lookup.answer.outcome = LookupOutcome::found;
}

// Its callback is called in the next phase of timers.
void Resolver::finish(Lookup& lookup) {
  LookupAnswer& answer = lookup.answer;
  if (answer.outcome == LookupOutcome::found) order_addresses(answer.addresses);
  if (answer.error.empty()) answer.error = sentence(answer.outcome, lookup.name, lookup.number_of_error);
  finished_.push_back(lookup.number());
  reactor_.timers().arm(*this, 0);
}

// A callback may look up and cancel.
void Resolver::on_timer() {
  for (uint64_t number : std::exchange(finished_, {})) {
    Lookup* lookup = find(number);
    if (!lookup) continue;
    Callback callback = std::move(lookup->callback);
    LookupAnswer answer = std::move(lookup->answer);
    lookups_.erase(*lookup);
    callback(answer);
  }
}

void Resolver::cancel(uint64_t number) {
  Lookup* lookup = find(number);
  if (!lookup) return;
  std::array<const DnsQuery*, kTypes> left = lookup->waits_for;
  lookups_.erase(*lookup);
  std::erase_if(queries_, [&](const auto& query) {
    bool was_waited_for = std::find(left.begin(), left.end(), query.second.get()) != left.end();
    return was_waited_for && !waited_for(query.second.get());
  });
}

bool Resolver::waited_for(const DnsQuery* query) {
  bool found = false;
  lookups_.for_each([&](const Lookup& lookup) {
    for (const DnsQuery* one : lookup.waits_for) found = found || one == query;
  });
  return found;
}

// ---------------------------------------------------------------- the name servers

// Asks for one name after the other until one says enough.
void Resolver::go_on(Lookup& lookup) {
  for (;;) {
    for (const DnsQuery* query : lookup.waits_for)
      if (query) return;
    bool over = lookup.names_asked > 0 && judge(lookup);
    if (over || lookup.names_asked == lookup.names.size()) return finish(lookup);
    ask(lookup, lookup.names[lookup.names_asked++]);
  }
}

void Resolver::ask(Lookup& lookup, const std::string& name) {
  for (size_t i = 0; i < kTypes; i++) {
    lookup.results[i] = {LookupOutcome::no_name};
    if (!lookup.wants(kType[i])) continue;
    std::string key = key_of(*files_.servers(), kType[i], name);
    const DnsResult* kept = cache_.find(key, reactor_.clock().now_ms);
    if (kept) lookup.results[i] = *kept;
    else lookup.waits_for[i] = query_for(key, kType[i], name);
  }
}

const DnsQuery* Resolver::query_for(const std::string& key, codec::DnsType type, const std::string& name) {
  std::unique_ptr<DnsQuery>& query = queries_[key];
  if (!query) {
    size_t first = files_.conf().rotate ? rotation_++ : 0;
    DnsQuery::Asker& asker = *this;
    query = std::make_unique<DnsQuery>(reactor_, ids_, files_.servers(), first,
                                       codec::DnsQuestion{0, type, name}, asker);
  }
  return query.get();
}

// Whether no further name is to be tried.
bool Resolver::judge(Lookup& lookup) {
  using Outcome = LookupOutcome;
  Outcome& outcome = lookup.answer.outcome;
  for (const DnsResult& result : lookup.results) {
    bool says_less = result.outcome == Outcome::found || result.outcome == Outcome::no_name ||
                     (outcome == Outcome::server_failed && result.outcome == Outcome::no_data);
    if (!ends_search(outcome) && !says_less) outcome = result.outcome;
    if (result.outcome == Outcome::unreachable) lookup.number_of_error = result.number;
  }
  for (const DnsResult& result : lookup.results)
    for (const auto& ip : result.addresses) {
      outcome = Outcome::found;
      lookup.answer.addresses.push_back(sys::Address::from_ip(ip.data(), 0));
    }
  return outcome == Outcome::found || ends_search(outcome);
}

void Resolver::on_answer(DnsQuery& query) {
  std::string key = key_of(query.servers(), query.question().type, query.question().name);
  auto over = queries_.extract(key);
  const DnsResult& result = query.result();
  cache_.put(key, result, reactor_.clock().now_ms);
  lookups_.for_each([&](Lookup& lookup) {
    for (size_t i = 0; i < kTypes; i++) {
      if (lookup.waits_for[i] != &query) continue;
      lookup.waits_for[i] = nullptr;
      lookup.results[i] = result;
      go_on(lookup);
    }
  });
}

}  // namespace oklo
