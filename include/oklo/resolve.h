#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>

namespace oklo {

// Looks up the addresses of host names without waiting for them: in a worker, a process of the program's own
// or the master, as the functions of <oklo/worker.h>.

// Where names are looked up.
struct ResolverOptions {
  std::string resolv_conf = "/etc/resolv.conf";  // the name servers, resolv.conf(5)
  std::string hosts = "/etc/hosts";              // hosts(5)
  uint16_t port = 53;                            // of the name servers, UDP and TCP
};

// Which addresses are wanted.
struct LookupOptions {
  bool ipv4 = true;
  bool ipv6 = true;
};

// The name of a lookup that is under way, as TimerId is of a timer.
struct LookupId {
  uint64_t value = 0;
  explicit operator bool() const { return value != 0; }
  friend bool operator==(const LookupId&, const LookupId&) = default;
};

// How many lookups may be under way in one process.
inline constexpr size_t kLookupsMax = 1024;

// Calls `function` once, never before this returns, with the addresses of `name`, in the order in which to
// try them: "192.0.2.1", "2001:db8::1". Or with none and one sentence about what went wrong; else that is
// empty. Both are borrowed for the call.
//
// An address as text is answered as it is; "localhost" and what ends in ".localhost" are the loopback (RFC
// 6761). Then /etc/hosts is asked, then the name servers of /etc/resolv.conf, over UDP, and over TCP where
// UDP is too small. Its search list is tried as there described, but not for a name with a dot at its end;
// what servers answered is kept as long as it holds. Names are ASCII: those of other alphabets must be
// written as they stand in the DNS ("xn--..."). Nothing blocks but the reading of the two files, when they
// have changed.
//
// A process that leaves does not wait for it: then nothing is called. False, and nothing is called, when
// kLookupsMax are under way. Each holds up to two fds.
LookupId resolve(std::string_view name, const LookupOptions& options,
                 Function<void(const std::vector<std::string>& addresses, std::string_view error)> function);
LookupId resolve(std::string_view name,
                 Function<void(const std::vector<std::string>& addresses, std::string_view error)> function);

// Its function is not called any more. Nothing happens when the lookup is over or there was none.
void cancel(LookupId lookup);

// Looks up otherwise in this process from now on, for its clients, too. To call it after the first lookup of
// this process is a bug.
void set_resolver(ResolverOptions options);

}  // namespace oklo
