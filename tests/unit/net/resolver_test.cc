#include "net/resolver.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "fake_name_server.h"
#include "temp_dir.h"
#include "turns.h"

using oklo::LookupAnswer;
using oklo::LookupOutcome;
using oklo::Resolver;

namespace {

std::string both(const AskedName& asked) { return asked.address(asked.type == kDnsA ? 4 : 6); }

struct ResolverWorld : Turns {
  TempDir temp;
  FakeNameServer server;
  std::unique_ptr<Resolver> resolver;
  LookupAnswer last;
  int answers = 0;

  explicit ResolverWorld(FakeNameServer::Answer answer = both, const std::string& conf = "",
                         const std::string& hosts = "")
      : server(std::move(answer)) {
    temp.file("resolv.conf", "nameserver 127.0.0.1\n" + conf);
    temp.file("hosts", hosts);
    begin();
  }
  void begin() {
    resolver = std::make_unique<Resolver>(
        *reactor, oklo::ResolverOptions{temp / "resolv.conf", temp / "hosts", server.port()});
  }
  uint64_t start(std::string_view name, const oklo::LookupOptions& options = {}) {
    return resolver->lookup(name, options, [this](const LookupAnswer& answer) {
      last = answer;
      answers++;
    });
  }
  void turn_until_answers(int count) {
    turn_until([&] {
      server.serve();
      return answers >= count;
    });
  }
  // The addresses, sorted since what can be reached differs from host to host, or the sentence.
  std::string ask(std::string_view name, const oklo::LookupOptions& options = {}) {
    int before = answers;
    REQUIRE(start(name, options) != 0);
    CHECK(answers == before);
    turn_until_answers(before + 1);
    CHECK((last.outcome == LookupOutcome::found) == last.error.empty());
    std::vector<std::string> texts;
    for (const auto& address : last.addresses) texts.push_back(address.host());
    std::sort(texts.begin(), texts.end());
    std::string all;
    for (const std::string& text : texts) all += text + " ";
    return all + last.error;
  }
  // Which names were asked for, in order, without repetition.
  std::string names_asked() {
    std::string all;
    for (const AskedName& asked : server.asked)
      if (all.find(asked.name + " ") == all.npos) all += asked.name + " ";
    server.asked.clear();
    return all;
  }
  // The files are looked at once a second.
  void next_second() {
    uint32_t now_s = reactor->clock().now_s;
    turn_until([&] { return reactor->clock().now_s > now_s; });
  }
};

constexpr oklo::LookupOptions kV4 = {.ipv4 = true, .ipv6 = false};
constexpr oklo::LookupOptions kV6 = {.ipv4 = false, .ipv6 = true};

}  // namespace

TEST_CASE("net/resolver: what needs no server asks none") {
  ResolverWorld world(both, "", "192.0.2.7 web alias\n2001:db8::7 web\nfe80::1%lo scoped\n");
  CHECK(world.ask("192.0.2.1") == "192.0.2.1 ");
  CHECK(world.ask("2001:DB8::1") == "2001:db8::1 ");
  CHECK(world.ask("LocalHost") == "127.0.0.1 ::1 ");
  CHECK(world.ask("a.localhost.") == "127.0.0.1 ::1 ");
  CHECK(world.ask("WEB") == "192.0.2.7 2001:db8::7 ");
  CHECK(world.ask("web.") == "192.0.2.7 2001:db8::7 ");
  CHECK(world.ask("alias", kV6) == "the host \"alias\" has no such address");
  CHECK(world.last.outcome == LookupOutcome::no_data);
  CHECK(world.ask("web", kV4) == "192.0.2.7 ");
  CHECK(world.ask("localhost", kV6) == "::1 ");
  CHECK(world.ask("localhost", {.ipv4 = false, .ipv6 = false}).ends_with("no such address"));
  CHECK(world.ask("a.org", {.ipv4 = false, .ipv6 = false}).ends_with("no such address"));
  CHECK(world.ask("::1", kV4) == "the host \"::1\" has no such address");
  CHECK(world.server.asked.empty());
  CHECK(world.ask("scoped") == "192.0.2.4 2001:db8::6 ");
  CHECK(world.ask("notlocalhost") == "192.0.2.4 2001:db8::6 ");
}

TEST_CASE("net/resolver: names that are none are told so") {
  ResolverWorld world;
  CHECK(world.ask("") == "the host name \"\" is empty");
  CHECK(world.ask("a..b") == "the host name \"a..b\" has an empty label");
  CHECK(world.ask("a\nb") == "the host name \"a?b\" has a character that no host name has");
  CHECK(world.last.outcome == LookupOutcome::bad_name);
  CHECK(world.ask(std::string(1 << 20, 'a')).ends_with("has more than 253 characters"));
  CHECK(world.last.error.size() < 400);
  CHECK(world.ask(std::string(255, '.')).ends_with("has more than 253 characters"));
  CHECK(world.server.asked.empty());
}

TEST_CASE("net/resolver: both kinds of address, or the one that is wanted") {
  ResolverWorld world;
  CHECK(world.ask("Example.org") == "192.0.2.4 2001:db8::6 ");
  CHECK(world.server.asked.size() == 2);
  CHECK(world.ask("v4.org", kV4) == "192.0.2.4 ");
  CHECK(world.ask("v6.org", kV6) == "2001:db8::6 ");
  CHECK(world.server.asked.size() == 4);
  CHECK(world.resolver->lookups() == 0);
  CHECK(world.resolver->queries() == 0);
}

TEST_CASE("net/resolver: each error has its sentence") {
  std::map<std::string, FakeNameServer::Answer> kinds = {
      {"none", [](const AskedName& asked) { return asked.no_name(); }},
      {"empty", [](const AskedName& asked) { return asked.no_data(); }},
      {"broken", [](const AskedName& asked) { return asked.failed(2); }},
      {"bad", [](const AskedName& asked) { return asked.response(kDnsAnswered, {1, 1, 0, 0}).text(); }},
      {"deaf", [](const AskedName&) { return std::string(); }},
      {"half", [](const AskedName& ask) { return ask.type == kDnsA ? ask.address(4) : ask.no_data(); }},
      {"lame", [](const AskedName& ask) { return ask.type == kDnsA ? ask.address(4) : ask.failed(2); }}};
  ResolverWorld world([&](const AskedName& asked) { return kinds[asked.name](asked); },
                      "options timeout:1 attempts:1\n");
  CHECK(world.ask("none") == "there is no host \"none\"");
  CHECK(world.ask("empty") == "the host \"empty\" has no such address");
  CHECK(world.ask("broken") == "no name server could look up \"broken\"");
  CHECK(world.ask("bad") == "what name servers answer for \"bad\" is malformed");
  CHECK(world.ask("deaf") == "no name server has answered for \"deaf\" in time");
  CHECK(world.ask("half") == "192.0.2.4 ");
  CHECK(world.ask("lame") == "192.0.2.4 ");
}

TEST_CASE("net/resolver: a server that is not there") {
  ResolverWorld world;
  uint16_t port = FakeNameServer(both).port();
  oklo::ResolverOptions options{world.temp / "none", world.temp / "none", port};  // 127.0.0.1 is asked
  world.resolver = std::make_unique<Resolver>(*world.reactor, options);
  CHECK(world.ask("example.org") ==
        "cannot ask a name server for \"example.org\": Connection refused");
}

TEST_CASE("net/resolver: the search list") {
  auto only = [](const char* name) {
    return [name](const AskedName& asked) { return asked.name == name ? both(asked) : asked.no_name(); };
  };
  ResolverWorld world(only("www.b.org"), "search a.org b.org c.org\n");
  CHECK(world.ask("www") == "192.0.2.4 2001:db8::6 ");
  CHECK(world.names_asked() == "www.a.org www.b.org ");
  CHECK(world.ask("www.") == "there is no host \"www.\"");
  CHECK(world.names_asked() == "www ");
  world.server.answer_with(only("x.y.c.org"));
  CHECK(world.ask("x.y") == "192.0.2.4 2001:db8::6 ");
  CHECK(world.names_asked() == "x.y x.y.a.org x.y.b.org x.y.c.org ");
  CHECK(world.ask("not.there") == "there is no host \"not.there\"");
}

TEST_CASE("net/resolver: what the names of a search list have said counts together") {
  std::map<std::string, FakeNameServer::Answer> kinds = {
      {"x.a", [](const AskedName& asked) { return asked.failed(2); }},
      {"x.b", [](const AskedName& asked) { return asked.no_data(); }},
      {"x", [](const AskedName& asked) { return asked.no_name(); }}};
  ResolverWorld world([&](const AskedName& asked) { return kinds[asked.name](asked); }, "search a b\n");
  CHECK(world.ask("x") == "no name server could look up \"x\"");
  CHECK(world.names_asked() == "x.a x.b x ");
  kinds["x.a"] = kinds["x"];
  CHECK(world.ask("x") == "the host \"x\" has no such address");
}

TEST_CASE("net/resolver: answers are kept, also that there is nothing, and failures are not") {
  ResolverWorld world([](const AskedName& asked) {
    return asked.name == "none" ? asked.no_name() : asked.name == "zero" ? asked.address(1, 0)
           : asked.name == "bad" ? asked.failed(2) : both(asked);
  });
  auto queries = [&world](const char* name) {
    world.server.asked.clear();
    world.ask(name);
    return world.server.asked.size();
  };
  CHECK(queries("a.org") == 2);
  CHECK(queries("A.ORG") == 0);
  CHECK(world.last.addresses.size() == 2);
  CHECK(queries("none") == 2);
  CHECK(queries("none") == 0);
  CHECK(world.last.outcome == LookupOutcome::no_name);
  CHECK(queries("zero") == 2);
  CHECK(queries("zero") == 2);
  CHECK(queries("bad") == 4);
  CHECK(queries("bad") == 4);
}

TEST_CASE("net/resolver: lookups of one name share the query") {
  ResolverWorld world;
  for (int i = 0; i < 100; i++) world.start(i % 2 ? "a.org" : "A.org");
  CHECK(world.resolver->queries() == 2);
  world.turn_until_answers(100);
  CHECK(world.server.asked.size() == 2);
  CHECK(world.last.addresses.size() == 2);
}

TEST_CASE("net/resolver: no more than 1024 at a time") {
  ResolverWorld world;
  for (size_t i = 0; i < oklo::kLookupsMax; i++) REQUIRE(world.start("a.org") != 0);
  CHECK(world.start("b.org") == 0);
  CHECK(world.start("127.0.0.1") == 0);
  world.turn_until_answers(oklo::kLookupsMax);
  CHECK(world.ask("127.0.0.1") == "127.0.0.1 ");
}

TEST_CASE("net/resolver: cancelled lookups are not answered, and leave nothing") {
  ResolverWorld world([](const AskedName&) { return std::string(); });
  uint64_t first = world.start("a.org"), second = world.start("a.org"), third = world.start("b.org");
  uint64_t numeric = world.start("127.0.0.1");
  CHECK(world.resolver->queries() == 4);
  world.turn();
  world.resolver->cancel(first);
  CHECK(world.resolver->queries() == 4);
  world.resolver->cancel(second);
  CHECK(world.resolver->queries() == 2);
  world.resolver->cancel(third);
  CHECK(world.resolver->queries() == 0);
  CHECK(world.answers == 1);
  for (uint64_t number : {first, second, third, numeric, uint64_t{0}}) world.resolver->cancel(number);
  numeric = world.start("127.0.0.1");
  world.resolver->cancel(numeric);
  world.turn();
  world.turn();
  CHECK(world.answers == 1);
  CHECK(world.resolver->lookups() == 0);
}

TEST_CASE("net/resolver: a callback may look up and cancel, and is called in a later turn") {
  ResolverWorld world;
  std::string order;
  uint64_t victim = 0;
  world.resolver->lookup("::1", {}, [&](const LookupAnswer&) {
    order += "a";
    world.resolver->cancel(victim);
    world.resolver->lookup("::2", {}, [&](const LookupAnswer&) { order += "c"; });
    order += "b";
  });
  victim = world.resolver->lookup("::3", {}, [&](const LookupAnswer&) { order += "victim"; });
  world.turn_until([&] { return order.size() >= 3; });
  world.turn();
  CHECK(order == "abc");
}

TEST_CASE("net/resolver: files that change are read again, and other servers are asked at once") {
  ResolverWorld world;
  auto nine = [](const AskedName& asked) { return asked.address(9); };
  FakeNameServer second(nine, "127.0.0.2", world.server.port());
  CHECK(world.ask("a.org", kV4) == "192.0.2.4 ");
  world.temp.file("resolv.conf", "nameserver 127.0.0.2\n");
  world.temp.file("hosts", "192.0.2.77 web\n");
  world.next_second();
  world.start("a.org", kV4);
  world.turn_until([&] {
    second.serve();
    return world.answers == 2;
  });
  CHECK(world.last.addresses.at(0).host() == "192.0.2.9");
  CHECK(world.ask("web") == "192.0.2.77 ");
  REQUIRE(unlink((world.temp / "hosts").c_str()) == 0);
  REQUIRE(unlink((world.temp / "resolv.conf").c_str()) == 0);
  REQUIRE(mkfifo((world.temp / "hosts").c_str(), 0644) == 0);  // would block whoever waits for its writer
  world.next_second();
  CHECK(world.ask("web", kV4) == "192.0.2.4 ");
}

TEST_CASE("net/resolver: what the servers of before are still asked is not shared") {
  ResolverWorld world([](const AskedName&) { return std::string(); });
  auto nine = [](const AskedName& asked) { return asked.address(9); };
  FakeNameServer second(nine, "127.0.0.2", world.server.port());
  world.start("a.org", kV4);
  world.turn_until([&] {
    world.server.serve();
    return world.server.asked.size() == 1;
  });
  world.temp.file("resolv.conf", "nameserver 127.0.0.2\n");
  world.next_second();
  world.start("a.org", kV4);
  world.turn_until([&] {
    second.serve();
    return world.answers == 1;
  });
  CHECK(world.last.addresses.at(0).host() == "192.0.2.9");
  const AskedName& before = world.server.asked[0];
  world.server.send(before.from, before.address(8));
  world.turn_until([&] { return world.answers == 2; });
  CHECK(world.last.addresses.at(0).host() == "192.0.2.8");
  CHECK(world.ask("a.org", kV4) == "192.0.2.9 ");
}

TEST_CASE("net/resolver: with rotate each query begins with another server") {
  ResolverWorld world(both, "nameserver 127.0.0.2\noptions rotate\n");
  FakeNameServer second(both, "127.0.0.2", world.server.port());
  for (const char* name : {"a", "b", "c", "d"}) {
    int before = world.answers;
    world.start(name, kV4);
    world.turn_until([&] {
      world.server.serve();
      second.serve();
      return world.answers > before;
    });
  }
  CHECK(world.server.asked.size() == 2);
  CHECK(second.asked.size() == 2);
}

TEST_CASE("net/resolver: it may end while lookups are under way") {
  ResolverWorld world([](const AskedName&) { return std::string(); });
  world.start("a.org");
  world.start("127.0.0.1");
  world.turn_until([&] {
    world.server.serve();
    return world.server.asked.size() == 2;
  });
  world.start("127.0.0.1");
  world.resolver.reset();
  world.turn();
  CHECK(world.answers == 1);
}
