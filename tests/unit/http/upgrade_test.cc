#include "http/upgrade.h"

#include <doctest/doctest.h>

#include "http_world.h"

namespace {

using oklo::CloseReason;
using oklo::net::Connection;

// What it gets it sends back between brackets; an 'x' closes.
class Brackets final : public oklo::Protocol {
 public:
  void on_open(Connection&) override { FAIL("the upgrade opens it"); }
  void on_data(Connection& connection) override {
    std::span<char> input = connection.input();
    std::string text(input.data(), input.size());
    connection.consume(input.size());
    connection.send("[" + text + "]");
    if (text.ends_with('x')) connection.close(CloseReason::finished, Connection::Linger::no);
  }
  void on_end(Connection& connection) override { connection.abort(CloseReason::peer_closed); }
  void on_drained(Connection&) override {}
  void on_deadline(Connection&) override {}
  void on_drain(Connection& connection, oklo::DrainMode) override { connection.send("drain"); }
  void on_close(Connection&, CloseReason) override { closed++; }

  int closed = 0;
};

class ToBrackets final : public oklo::http::Upgrade {
 public:
  ToBrackets(Brackets& brackets, const oklo::Endpoint& base) : endpoint_(base) {
    endpoint_.protocol = &brackets;
  }
  std::string_view token() const override { return "brackets"; }
  bool accept(oklo::http::Exchange& exchange) override {
    CHECK(!exchange.response().later());
    bool fine = exchange.head.upgrade_asked && exchange.head.query() != "refuse";
    if (fine) exchange.add_field("Brackets", "square");
    else exchange.fail(426);
    return fine;
  }
  oklo::Endpoint& endpoint() override { return endpoint_; }
  void open(Connection& connection, oklo::http::Exchange& exchange) override {
    connection.send("<" + std::string(exchange.head.target()) + ">");
  }

 private:
  oklo::Endpoint endpoint_;
};

struct Maker final : oklo::http::UpgradeMaker {
  explicit Maker(Brackets& to) : brackets(to) {}
  std::unique_ptr<oklo::http::Upgrade> make(const oklo::Endpoint& base) override {
    return std::make_unique<ToBrackets>(brackets, base);
  }
  Brackets& brackets;
};

// "/only" is nothing but the upgrade, "/both" answers requests, too.
struct Upgrades {
  Upgrades() {
    auto get = oklo::http::RouteTable::bit(oklo::codec::Method::get);
    table.add(oklo::http::RouteTable::kAll, "/only").upgrade_maker = std::make_unique<Maker>(brackets);
    oklo::http::Route& both = table.add(get, "/both");
    both.upgrade_maker = std::make_unique<Maker>(brackets);
    both.handler = [this](const oklo::Request& request, oklo::Response& response) {
      if (request.query() == "late") late = response.later();
      else response.text("plain");
    };
    world = std::make_unique<HttpWorld>(table);
    table.make_upgrades(world->endpoint());
  }
  ~Upgrades() { world.reset(); }

  Brackets brackets;
  oklo::RequestId late;
  oklo::http::RouteTable table;
  std::unique_ptr<HttpWorld> world;
};

std::string asking(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n" +
         "Upgrade: other/2, Brackets\r\n" + fields + "\r\n";
}

constexpr std::string_view kSwitched =
    "HTTP/1.1 101 Switching Protocols\r\nServer: oklo\r\nBrackets: square\r\nUpgrade: brackets\r\n"
    "Connection: Upgrade\r\n\r\n";

}  // namespace

TEST_CASE("http/upgrade: after 101 the connection is the other protocol's, however the bytes come") {
  std::string bytes = asking("/only?a") + "first";
  for (size_t cut = 1; cut <= bytes.size(); cut++) {
    Upgrades upgrades;
    Client& client = upgrades.world->connect();
    client.send(bytes.substr(0, cut));
    upgrades.world->settle();
    client.send(bytes.substr(cut));
    upgrades.world->settle();
    client.send("secondx");
    upgrades.world->settle();
    std::string text = client.text();
    REQUIRE(text.starts_with(std::string(kSwitched) + "</only?a>["));
    for (size_t at; (at = text.find("][")) != text.npos;) text.erase(at, 2);
    CHECK(text.ends_with("[firstsecondx]"));
    CHECK(client.ended);
    CHECK(upgrades.brackets.closed == 1);
    CHECK(upgrades.world->life.requests.value() == 1);
  }
}

TEST_CASE("http/upgrade: after requests on the same connection, and after those in the same read") {
  Upgrades upgrades;
  Client& client = upgrades.world->connect();
  client.send("GET /both HTTP/1.1\r\nHost: a\r\n\r\n");
  upgrades.world->settle();
  CHECK(client.answer().body == "plain");
  client.send("GET /both HTTP/1.1\r\nHost: a\r\n\r\n" + asking("/both") + "x");
  upgrades.world->settle();
  CHECK(client.text().ends_with("plain" + std::string(kSwitched) + "</both>[x]"));
}

TEST_CASE("http/upgrade: behind an answer that comes late, in the same read and in a later one") {
  for (bool at_once : {true, false}) {
    Upgrades upgrades;
    Client& client = upgrades.world->connect();
    client.send("GET /both?late HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!at_once) upgrades.world->settle();
    client.send(asking("/both") + "x");
    upgrades.world->settle();
    CHECK(client.received.empty());
    CHECK(oklo::answer(upgrades.late, [](oklo::Response& response) { response.text("late"); }));
    upgrades.world->settle();
    CHECK(client.text().ends_with("late" + std::string(kSwitched) + "</both>[x]"));
    CHECK(!oklo::answer(upgrades.late, [](oklo::Response&) {}));
  }
}

TEST_CASE("http/upgrade: a refused one, and one that nobody asked for, stay with HTTP") {
  Upgrades upgrades;
  Client& client = upgrades.world->connect();
  auto status = [&](const std::string& request) {
    client.send(request);
    upgrades.world->settle();
    return client.answer().status;
  };
  CHECK(status(asking("/only?refuse")) == 426);
  CHECK(status("GET /only HTTP/1.1\r\nHost: a\r\n\r\n") == 426);
  CHECK(status("GET /both HTTP/1.1\r\nHost: a\r\nUpgrade: brackets\r\n\r\n") == 200);
  CHECK(status("GET /both HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n") == 200);
  CHECK(status("GET /both HTTP/1.0\r\nConnection: keep-alive, upgrade\r\nUpgrade: brackets\r\n\r\n") == 200);
  CHECK(status(asking("/both", "Content-Length: 2\r\n") + "ab") == 200);
  CHECK(status(asking("/both", "Transfer-Encoding: chunked\r\n") + "2\r\nab\r\n0\r\n\r\n") == 200);
  CHECK(status(asking("/only", "Content-Length: 2\r\n") + "ab") == 400);
  CHECK(status(asking("/nowhere")) == 404);
  CHECK_FALSE(client.ended);
  CHECK(upgrades.brackets.closed == 0);
}

TEST_CASE("http/upgrade: a worker that leaves takes no new connection of the other protocol") {
  Upgrades upgrades;
  Client& client = upgrades.world->connect();
  upgrades.world->drain(oklo::DrainMode::reload);
  client.send(asking("/only"));
  upgrades.world->settle();
  Answer answer = client.answer();
  CHECK(answer.status == 503);
  CHECK(answer.closes());
}

TEST_CASE("http/upgrade: the worker's leaving reaches the new protocol") {
  Upgrades upgrades;
  Client& client = upgrades.world->connect();
  client.send(asking("/only"));
  upgrades.world->settle();
  upgrades.world->pool().drain(oklo::DrainMode::stop);
  upgrades.world->settle();
  CHECK(client.text().ends_with("drain"));
}
