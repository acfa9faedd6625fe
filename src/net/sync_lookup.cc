#include "net/sync_lookup.h"

#include <errno.h>

#include <memory>
#include <string>
#include <utility>

#include "net/resolver.h"
#include "reactor/reactor.h"
#include "sys/process.h"

namespace oklo {

namespace {

struct Deadline final : Timer {
  void on_timer() override { passed = true; }
  bool passed = false;
};

}  // namespace

Result<std::vector<sys::Address>> look_up_and_wait(std::string_view host, const ResolverOptions& options,
                                                   uint64_t until_ms) {
  Result<std::unique_ptr<Reactor>> made = Reactor::create(sys::file_limit());
  if (!made) return made.error();
  Reactor& reactor = **made;
  Resolver resolver(reactor, options);
  bool answered = false;
  LookupAnswer answer;
  uint64_t lookup = resolver.lookup(host, {}, [&](const LookupAnswer& found) {
    answered = true;
    answer = found;
  });
  OKLO_ASSERT(lookup);
  Deadline deadline;
  reactor.timers().arm(deadline, until_ms);
  while (!answered && !deadline.passed) reactor.run_once();
  if (!answered) return Error{ETIMEDOUT, "its name was not looked up in time"};
  if (answer.addresses.empty()) return Error{0, answer.error};
  return std::move(answer.addresses);
}

}  // namespace oklo
