#include <doctest/doctest.h>

#include <cstddef>

#include "config/directive.h"

using namespace oklo;
using namespace oklo::config;

namespace {

// What any member of an aggregate can be made from.
struct Anything {
  template <class T>
  operator T() const;
};

template <class T, class... Given>
constexpr size_t members(Given... given) {
  if constexpr (requires { T{given..., Anything{}}; }) return members<T>(given..., Anything{});
  else return sizeof...(Given);
}

// The directives of a block that write a value somewhere, but for some.
size_t writing(Block block, auto except) {
  size_t count = 0;
  for (const Directive& directive : directives()) {
    const Destination& to = directive.to;
    bool writes = to.number || to.text || to.texts || to.fields;
    count += (directive.blocks & block) && writes && !except(directive);
  }
  return count;
}

bool none(const Directive&) { return false; }

// Of `access` there are two, allow and deny.
constexpr size_t kRules = 1;
constexpr size_t kOfEntrance = members<Entrance>() + kRules;

}  // namespace

// Who adds an option to the library adds a directive, or counts it here among those that a configuration has
// no use for.
TEST_CASE("config/members: each option of a server has its directive") {
  constexpr size_t kCommandLine = 1;  // daemon
  constexpr size_t kDebuggers = 1;    // debug_single
  constexpr size_t kNested = 1;       // per_address
  CHECK(members<ServerOptions>() - kCommandLine - kDebuggers - kNested + members<AddressLimits>() ==
        writing(kTop, none));
}

TEST_CASE("config/members: each limit of HTTP has its directive") {
  constexpr size_t kOwnCode = 1;  // upload_bytes: no answer takes a body in pieces
  constexpr size_t kNested = 1;   // entrance
  constexpr size_t kFields = 1;   // header, which is no limit
  CHECK(members<HttpLimits>() - kOwnCode - kNested + kOfEntrance + kFields == writing(kHttp, none));
}

TEST_CASE("config/members: each option of streams, framing and datagrams has its directive") {
  constexpr size_t kNested = 2;   // framing, entrance
  constexpr size_t kChosen = 3;   // kind, keep_header, keep_delimiter: by what else is said
  CHECK(members<StreamOptions>() - kNested + members<StreamFraming>() - kChosen + kOfEntrance ==
        writing(kTcp, none));
  CHECK(members<DatagramOptions>() + kRules == writing(kUdp, none));
}

TEST_CASE("config/members: each option of files and WebSockets has its directive") {
  auto others = [](unsigned answers) {
    return [answers](const Directive& directive) { return directive.answers != answers; };
  };
  constexpr size_t kFields = 1;  // header
  CHECK(members<FilesOptions>() - kFields == writing(kRoute, others(bit(Answer::files))));
  CHECK(members<WebSocketOptions>() == writing(kRoute, others(bit(Answer::room) | bit(Answer::echo))));
}

TEST_CASE("config/members: what a way of dispatching is called") {
  // Without code of one's own there are no users, and there is no function: two of the six.
  CHECK(static_cast<size_t>(Dispatch::function) + 1 - 2 == find_directive("dispatch", kTop)->choices.size());
}
