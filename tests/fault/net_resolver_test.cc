#include <doctest/doctest.h>

#include <errno.h>

#include <memory>
#include <string>

#include "faulty_kernel.h"
#include "net/fake_name_server.h"
#include "net/resolver.h"
#include "sys/file.h"
#include "temp_dir.h"

using oklo::LookupOutcome;
namespace sys = oklo::sys;
namespace faults = oklo::faults;

namespace {

std::string over_udp(const AskedName& asked) { return asked.address(4); }

std::string over_tcp(const AskedName& asked) {
  if (!asked.stream) return asked.cut();
  DnsText many = asked.response(kDnsAnswered, {1, 101, 0, 0});
  for (int i = 0; i < 100; i++) many.name(std::string(60, 'x')).record(16, 1, std::string(50, 't'));
  return many.pointer(kDnsQuestionAt).record(kDnsA, 60, "\xc0\1\2\4").text();
}

struct World {
  TempDir temp;
  FakeNameServer server;
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(1024).value();
  std::unique_ptr<oklo::Resolver> resolver;
  oklo::LookupAnswer last;

  explicit World(FakeNameServer::Answer answer) : server(std::move(answer)) {
    temp.file("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    temp.file("hosts", "192.0.2.7 web\n");
    begin();
  }
  void begin() {
    resolver = std::make_unique<oklo::Resolver>(
        *reactor, oklo::ResolverOptions{temp / "resolv.conf", temp / "hosts", server.port()});
  }
  LookupOutcome ask(const char* name, const oklo::LookupOptions& options = {.ipv4 = true, .ipv6 = false}) {
    bool answered = false;
    REQUIRE(resolver->lookup(name, options, [&](const oklo::LookupAnswer& answer) {
      last = answer;
      answered = true;
    }) != 0);
    while (!answered) {
      reactor->post([] {});
      reactor->run_once();
      server.serve();
    }
    return last.outcome;
  }
};

}  // namespace

TEST_CASE("net/resolver: what the kernel refuses is told, nothing leaks, and the next lookup succeeds") {
  struct Fault {
    FakeNameServer::Answer answer;
    const char* call;
    int nth;
    int number;
  };
  const Fault kFaults[] = {
      {over_udp, "socket", 1, EMFILE},   {over_udp, "connect", 1, ENETUNREACH},
      {over_udp, "send", 1, EPERM},      {over_udp, "epoll_ctl", 1, ENOSPC},
      {over_udp, "recv", 1, ECONNREFUSED}, {over_tcp, "socket", 2, EMFILE},
      {over_tcp, "connect", 2, ENETUNREACH}, {over_tcp, "getsockopt", 1, ENOBUFS},
      {over_tcp, "send", 2, EPIPE},      {over_tcp, "recv", 2, ECONNRESET},
      {over_tcp, "epoll_ctl", 3, ENOMEM}, {over_tcp, "epoll_ctl", 4, ENOMEM}};
  for (const Fault& fault : kFaults) {
    CAPTURE(fault.call);
    CAPTURE(fault.nth);
    World world(fault.answer);
    faults::Scope scope;
    faults::fail(fault.call, fault.nth, fault.number);
    size_t open = sys::open_fds().size();
    CHECK(world.ask("example.org") == LookupOutcome::unreachable);
    CHECK(faults::all_happened());
    oklo::Error told = oklo::system_error(fault.number, "cannot ask a name server for \"example.org\"");
    CHECK(world.last.error == told.text);
    CHECK(sys::open_fds().size() <= open + 1);  // the server's end of a stream
    CHECK(world.resolver->queries() == 0);
    CHECK(world.ask("example.org") == LookupOutcome::found);
  }
}

TEST_CASE("net/resolver: files that can't be read say nothing, until they can") {
  for (const char* call : {"open", "fstat"}) {
    World world(over_udp);
    faults::Scope scope;
    faults::fail_always(call, EACCES);
    // Without a resolv.conf the server of this machine is asked, which is this one.
    CHECK(world.ask("web") == LookupOutcome::found);
    CHECK(world.last.addresses[0].host() == "192.0.2.4");
    faults::clear();
    world.begin();
    CHECK(world.ask("web") == LookupOutcome::found);
    CHECK(world.last.addresses[0].host() == "192.0.2.7");
  }
}

TEST_CASE("net/resolver: a lack of fds does not make it forget what the files said") {
  World world(over_udp);
  CHECK(world.ask("web") == LookupOutcome::found);
  faults::Scope scope;
  uint32_t now_s = world.reactor->clock().now_s;
  faults::fail_always("open", EMFILE);
  while (world.reactor->clock().now_s <= now_s) {
    world.reactor->post([] {});
    world.reactor->run_once();
  }
  CHECK(world.ask("web") == LookupOutcome::found);
  CHECK(faults::count("open") == 2);
  CHECK(world.last.addresses[0].host() == "192.0.2.7");
}

TEST_CASE("net/resolver: without fds for a look at the ways, addresses are answered all the same") {
  World world(over_udp);
  faults::Scope scope;
  faults::fail_always("socket", EMFILE);
  CHECK(world.ask("localhost", {}) == LookupOutcome::found);
  REQUIRE(world.last.addresses.size() == 2);
  CHECK(world.last.addresses[0].host() == "::1");
}

TEST_CASE("net/resolver: reads and writes that are cut short change no answer over TCP") {
  int found = 0;
  for (uint64_t seed = 0; seed < 16; seed++) {
    World world(over_tcp);
    faults::Scope scope;
    size_t open = sys::open_fds().size();
    // A query that the socket did not take is lost, as any datagram may be.
    faults::shorten(seed);
    LookupOutcome outcome = world.ask("example.org");
    faults::clear();
    found += outcome == LookupOutcome::found;
    CHECK((outcome == LookupOutcome::found || outcome == LookupOutcome::timeout));
    CHECK(sys::open_fds().size() <= open + 1);
  }
  CHECK(found >= 6);
}
