#include "net/dns_query.h"

#include <doctest/doctest.h>

#include <set>

#include "emulated.h"
#include "fake_name_server.h"
#include "turns.h"

using oklo::DnsQuery;
using oklo::LookupOutcome;
using oklo::codec::DnsType;

namespace {

struct QueryWorld : Turns, DnsQuery::Asker {
  oklo::QueryIds ids;
  oklo::NameServers servers;
  std::vector<FakeNameServer*> fakes;
  std::unique_ptr<DnsQuery> query;
  oklo::DnsResult result;
  int answers = 0;

  explicit QueryWorld(std::vector<FakeNameServer*> all, uint32_t timeout_ms = 60'000, unsigned attempts = 2)
      : fakes(std::move(all)) {
    for (FakeNameServer* fake : fakes) servers.addresses.push_back(fake->address());
    servers.timeout_ms = timeout_ms;
    servers.attempts = attempts;
  }
  void on_answer(DnsQuery& over) override {
    REQUIRE(&over == query.get());
    result = over.result();
    answers++;
    query.reset();  // as who asked may
  }
  void serve() const {
    for (FakeNameServer* fake : fakes) fake->serve();
  }
  void begin(std::string name = "www.example.org", DnsType type = DnsType::a, size_t first = 0) {
    query = std::make_unique<DnsQuery>(*reactor, ids, std::make_shared<oklo::NameServers>(servers), first,
                                       oklo::codec::DnsQuestion{0, type, std::move(name)}, *this);
  }
  LookupOutcome ask(std::string name = "www.example.org", DnsType type = DnsType::a, size_t first = 0) {
    begin(std::move(name), type, first);
    turn_until([this] {
      serve();
      return !query;
    });
    return result.outcome;
  }
};

std::string silent(const AskedName&) { return {}; }
std::string right(const AskedName& asked) { return asked.address(1); }

}  // namespace

TEST_CASE("net/dns_query: an answer over UDP") {
  FakeNameServer server(right);
  QueryWorld world({&server});
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(world.result.addresses.size() == 1);
  CHECK(world.result.ttl_s == 60);
  REQUIRE(server.asked.size() == 1);
  CHECK(server.asked[0].name == "www.example.org");
  CHECK(server.asked[0].edns);
  CHECK(world.ask("x", DnsType::aaaa) == LookupOutcome::found);
  CHECK(server.asked[1].type == kDnsAaaa);
  CHECK(world.answers == 2);
}

TEST_CASE("net/dns_query: ids and ports change from query to query") {
  FakeNameServer server(right);
  QueryWorld world({&server});
  std::set<unsigned> ids, ports;
  for (int i = 0; i < 16; i++) world.ask();
  for (const AskedName& asked : server.asked) {
    ids.insert(asked.id);
    ports.insert(asked.from.port());
  }
  CHECK(ids.size() > 8);
  CHECK(ports.size() > 8);
}

TEST_CASE("net/dns_query: nothing is there, and a server that has failed") {
  FakeNameServer server([](const AskedName& asked) { return asked.no_name(7); });
  QueryWorld world({&server});
  CHECK(world.ask() == LookupOutcome::no_name);
  CHECK(world.result.ttl_s == 7);
  server.answer_with([](const AskedName& asked) { return asked.no_data(); });
  CHECK(world.ask() == LookupOutcome::no_data);
  server.answer_with([](const AskedName& asked) { return asked.failed(2); });
  server.asked.clear();
  CHECK(world.ask() == LookupOutcome::server_failed);
  CHECK(server.asked.size() == 2);
  server.answer_with([](const AskedName& asked) {
    return asked.response(kDnsAnswered, {1, 9, 0, 0}).text();
  });
  CHECK(world.ask() == LookupOutcome::malformed);
}

TEST_CASE("net/dns_query: a query that was lost is sent again, from another port and with another id") {
  FakeNameServer server(silent);
  int left = 2;
  server.answer_with([&left](const AskedName& asked) {
    return left-- > 0 ? std::string() : asked.address(1);
  });
  QueryWorld world({&server}, 10, 3);
  CHECK(world.ask() == LookupOutcome::found);
  REQUIRE(server.asked.size() == 3);
  CHECK_FALSE((server.asked[0].id == server.asked[1].id && server.asked[1].id == server.asked[2].id));
}

TEST_CASE("net/dns_query: when nobody answers it ends") {
  FakeNameServer first(silent), second(silent);
  QueryWorld world({&first, &second}, 5, 2);
  CHECK(world.ask() == LookupOutcome::timeout);
  CHECK(first.asked.size() == 2);
  CHECK(second.asked.size() == 2);
}

TEST_CASE("net/dns_query: the next server is asked when one fails, is deaf or is not there") {
  FakeNameServer first(silent), second(right);
  QueryWorld world({&first, &second}, 10);
  CHECK(world.ask() == LookupOutcome::found);
  first.answer_with([](const AskedName& asked) { return asked.failed(5); });
  world.servers.timeout_ms = 60'000;
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(first.asked.size() == 2);
  CHECK(second.asked.size() == 2);
  {
    FakeNameServer gone(silent);
    world.servers.addresses[0] = gone.address();
  }
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(world.ask("x", DnsType::a, 1) == LookupOutcome::found);
  world.servers.addresses.resize(1);
  CHECK(world.ask() == LookupOutcome::unreachable);
  CHECK(world.result.number == ECONNREFUSED);
}

TEST_CASE("net/dns_query: answers of others, to others, and too late ones are not listened to") {
  FakeNameServer stranger(silent), server(silent);
  QueryWorld world({&server});
  server.answer_with([&](const AskedName& asked) {
    stranger.send(asked.from, asked.address(66));  // from another port
    AskedName forged = asked;
    forged.id ^= 1;
    server.send(asked.from, forged.address(66));
    forged = asked;
    forged.question[1] ^= 1;
    server.send(asked.from, forged.address(66));
    server.send(asked.from, "x");
    server.send(asked.from, "");
    server.send(asked.from, asked.bytes);  // the query itself
    return asked.address(1);
  });
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(world.result.addresses[0][15] == 1);
  // The answer to the first query comes after the second one was sent, to a port that is closed by then.
  std::vector<AskedName> late;
  server.answer_with([&](const AskedName& asked) {
    late.push_back(asked);
    if (late.size() == 1) return std::string();
    server.send(late[0].from, late[0].address(66));
    return asked.address(2);
  });
  world.servers.timeout_ms = 10;
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(world.result.addresses[0][15] == 2);
}

TEST_CASE("net/dns_query: a huge datagram is malformed, not more") {
  FakeNameServer server([](const AskedName& asked) { return asked.address(1) + std::string(60'000, 'x'); });
  QueryWorld world({&server}, 60'000, 1);
  CHECK(world.ask() == LookupOutcome::malformed);
}

TEST_CASE("net/dns_query: a server that does not know EDNS is asked without") {
  FakeNameServer server([](const AskedName& asked) {
    if (!asked.edns) return asked.address(1);
    return DnsText().head(asked.id, kDnsAnswered | 1, {0, 0, 0, 0}).text();
  });
  QueryWorld world({&server}, 60'000, 1);
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(server.asked.size() == 2);
  server.answer_with([](const AskedName& asked) { return asked.failed(1); });
  CHECK(world.ask() == LookupOutcome::server_failed);
  CHECK(server.asked.size() == 4);
}

// ---------------------------------------------------------------- TCP

TEST_CASE("net/dns_query: what UDP cuts comes over TCP, also when it is large") {
  FakeNameServer server([](const AskedName& asked) {
    if (!asked.stream) return asked.cut();
    DnsText many = asked.response(kDnsAnswered, {1, 500, 0, 0});
    for (int i = 0; i < 500; i++) many.name(std::string(60, 'x')).record(16, 1, std::string(50, 't'));
    return many.text();
  });
  QueryWorld world({&server});
  CHECK(world.ask() == LookupOutcome::no_data);
  CHECK(server.asked.back().stream);
  CHECK(server.asked.size() == 2);
  server.answer_with([](const AskedName& asked) {
    return asked.stream ? asked.address(9) : asked.cut();
  });
  CHECK(world.ask() == LookupOutcome::found);
  CHECK(world.result.addresses[0][15] == 9);
}

TEST_CASE("net/dns_query: a TCP server that cuts, lies, hangs up, is deaf or is not there") {
  if (emulated_mips()) return;
  FakeNameServer server(silent);
  auto over_stream = [&server](FakeNameServer::Answer answer) {
    server.answer_with([answer](const AskedName& asked) {
      return asked.stream ? answer(asked) : asked.cut();
    });
  };
  QueryWorld world({&server}, 60'000, 1);
  over_stream([](const AskedName& asked) { return asked.cut(); });
  CHECK(world.ask() == LookupOutcome::malformed);
  over_stream([](const AskedName& asked) {
    AskedName other = asked;
    other.id ^= 1;
    return other.address(1);
  });
  CHECK(world.ask() == LookupOutcome::malformed);
  over_stream(silent);  // closes
  CHECK(world.ask() == LookupOutcome::server_failed);
  over_stream(right);
  FakeNameServer never([](const AskedName& asked) { return asked.cut(); });
  world.servers.timeout_ms = 20;
  world.servers.addresses = {never.address()};
  world.begin();
  world.turn_until([&] {
    if (never.asked.empty()) never.serve();  // accepts no stream
    return !world.query;
  });
  CHECK(world.result.outcome == LookupOutcome::timeout);
  world.servers.timeout_ms = 60'000;
  server.close_tcp();
  world.servers.addresses = {server.address()};
  CHECK(world.ask() == LookupOutcome::unreachable);
  CHECK(world.result.number == ECONNREFUSED);
}

TEST_CASE("net/dns_query: it may be given up at any time") {
  FakeNameServer server(silent);
  QueryWorld world({&server});
  world.begin();
  world.query.reset();
  world.begin();
  world.turn_until([&] {
    world.serve();
    return server.asked.size() == 1;
  });
  world.query.reset();
  world.turn();
  CHECK(world.answers == 0);
}
