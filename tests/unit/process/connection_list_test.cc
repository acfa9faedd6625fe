#include "process/connection_list.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "shm/connection_rows.h"
#include "sys/address.h"

using namespace oklo;

namespace {

constexpr uint64_t kNowMs = 1'000'000;

// Two workers, a thread of a gate and a process, each a life that has connections.
struct Service {
  Service() {
    board.slot(2).role = Role::gate_thread;
    std::strcpy(board.slot(2).name, "gate 1");
    board.slot(3).role = Role::process;
    std::strcpy(board.slot(3).name, "tick\"er");
    for (uint32_t i = 0; i < 4; i++) {
      REQUIRE(board.begin_life(i, 1, 0) == i);
      rows.emplace_back(table, i);
    }
  }

  ConnectionRow& open(uint32_t life, ConnectionKind kind, std::string_view peer = "") {
    ConnectionId id = rows[life].open();
    ConnectionRow& row = rows[life].row(id);
    row.kind = kind;
    row.opened_s = row.active_s = kNowMs / 1000;
    if (peer.empty()) return row;
    sys::Address address = sys::Address::parse(peer).value();
    address.copy_ip(row.peer_ip);
    row.peer_port = address.port();
    return row;
  }
  ConnectionList list(std::string_view words) {
    return list_connections({{board, table}}, parse_connection_query(words).value(), kNowMs);
  }
  // The requests of those that are shown: here they are their names.
  std::vector<uint32_t> names(std::string_view words) {
    std::vector<uint32_t> all;
    for (const ConnectionSnapshot& one : list(words).shown) all.push_back(one.requests);
    return all;
  }

  Scoreboard board = Scoreboard::create(8, 4).value();
  ConnectionTable table = ConnectionTable::create(1024).value();
  std::vector<ConnectionRows> rows;
};

using Names = std::vector<uint32_t>;

}  // namespace

TEST_CASE("process/connection_list: by each condition") {
  Service service;
  service.open(0, ConnectionKind::http, "10.1.2.3:80").requests = 1;
  service.open(1, ConnectionKind::websocket, "10.200.0.1:80").requests = 2;
  service.open(2, ConnectionKind::stream, "[2001:db8::1]:80").requests = 3;
  ConnectionRow& last = service.open(3, ConnectionKind::http_client);
  last.requests = 4;
  last.opened_s -= 50;
  last.active_s -= 20;
  last.bytes_in = 100;
  last.bytes_out = 200;
  last.queued_bytes = 300;
  CHECK(service.names("sort=id") == Names{1, 2, 3, 4});
  CHECK(service.names("sort=id kind=websocket") == Names{2});
  CHECK(service.names("sort=id worker=1") == Names{1});
  CHECK(service.names("sort=id worker=2") == Names{2});
  CHECK(service.names("sort=id worker=3") == Names{});
  CHECK(service.names("sort=id thread=1") == Names{3});
  CHECK(service.names("sort=id thread=2") == Names{});
  CHECK(service.names("sort=id peer=10.0.0.0/8") == Names{1, 2});
  CHECK(service.names("sort=id peer=10.0.0.0/9") == Names{1});
  CHECK(service.names("sort=id peer=10.1.2.3") == Names{1});
  CHECK(service.names("sort=id peer=10.1.2.2") == Names{});
  CHECK(service.names("sort=id peer=0.0.0.0/0") == Names{1, 2});
  CHECK(service.names("sort=id peer=2001:db8::/32") == Names{3});
  CHECK(service.names("sort=id peer=::/0") == Names{3});
  CHECK(service.names("sort=id peer=unix") == Names{4});
  CHECK(service.names("sort=id peer=all") == Names{1, 2, 3, 4});
  CHECK(service.names("min_age=50") == Names{4});
  CHECK(service.names("min_age=51") == Names{});
  CHECK(service.names("min_idle=20") == Names{4});
  CHECK(service.names("min_idle=21") == Names{});
  CHECK(service.names("min_in=100 min_out=200 min_queue=300") == Names{4});
  CHECK(service.names("min_in=101") == Names{});
  CHECK(service.names("min_out=201") == Names{});
  CHECK(service.names("min_queue=301") == Names{});
  CHECK(service.names("kind=http worker=2") == Names{});
}

TEST_CASE("process/connection_list: in each order, equal ones by their rows") {
  Service service;
  ConnectionRow& one = service.open(1, ConnectionKind::stream, "10.0.0.2:1");
  ConnectionRow& two = service.open(0, ConnectionKind::http, "10.0.0.1:9");
  ConnectionRow& three = service.open(1, ConnectionKind::http, "10.0.0.1:5");
  one.requests = 10, two.requests = 20, three.requests = 20;
  one.opened_s -= 5, two.opened_s -= 9;
  one.active_s -= 5, two.active_s -= 3;
  one.bytes_in = 5, two.bytes_in = 6;
  one.bytes_out = 5, three.bytes_out = 6;
  one.queued_bytes = 1;
  auto order = [&](std::string_view words) {
    std::string text;
    for (const ConnectionSnapshot& of : service.list("sort=" + std::string(words)).shown)
      text += &service.table.row(of.id.row) == &one ? '1' : &service.table.row(of.id.row) == &two ? '2' : '3';
    return text;
  };
  // Rows stand in chunks of their owner: those of worker 2 first, as it opened one first.
  CHECK(order("id") == "132");
  CHECK(order("age") == "213");
  CHECK(order("idle") == "123");
  CHECK(order("in") == "213");
  CHECK(order("out") == "312");
  CHECK(order("queue") == "132");
  CHECK(order("requests") == "321");
  CHECK(order("kind") == "321");
  CHECK(order("owner") == "213");
  CHECK(order("peer") == "321");
}

TEST_CASE("process/connection_list: only the first of an order, and how many more there are") {
  Service service;
  for (uint32_t i = 0; i < 300; i++) service.open(i % 2, ConnectionKind::http).requests = (i * 7) % 300;
  ConnectionList list = service.list("sort=requests limit=3");
  REQUIRE(list.shown.size() == 3);
  CHECK(service.names("sort=requests limit=3") == Names{299, 298, 297});
  CHECK(list.left_off == 297);
  CHECK(service.list("limit=300").left_off == 0);
  CHECK(service.list("limit=1 kind=stream").left_off == 0);
  CHECK(connections_table(list).ends_with("3 connections, and 297 more that were left off\n"));
}

TEST_CASE("process/connection_list: as JSON and as a table") {
  Service service;
  CHECK(connections_json(service.list("")) == "{\"connections\":[],\"left_off\":0}\n");
  ConnectionRow& row = service.open(3, ConnectionKind::websocket_client, "[2001:db8::1]:443");
  row.opened_s -= 7;
  row.active_s -= 8;  // What the owner knows of the time may be one second old.
  row.requests = 1;
  row.bytes_in = 2;
  row.bytes_out = 3;
  row.queued_bytes = 4;
  service.open(0, ConnectionKind::http);
  CHECK(connections_json(service.list("")) ==
        "{\"connections\":[{\"id\":\"0.1\",\"kind\":\"websocket_client\",\"peer\":\"[2001:db8::1]:443\","
        "\"owner\":\"tick\\\"er\",\"age_s\":7,\"idle_s\":7,\"requests\":1,\"bytes_in\":2,\"bytes_out\":3,"
        "\"queue\":4},{\"id\":\"64.1\",\"kind\":\"http\",\"peer\":\"unix\",\"owner\":\"worker 1\","
        "\"age_s\":0,"
        "\"idle_s\":0,\"requests\":0,\"bytes_in\":0,\"bytes_out\":0,\"queue\":0}],\"left_off\":0}\n");
  std::string table = connections_table(service.list(""));
  size_t first = table.find('\n') + 1, second = table.find('\n', first) + 1;
  CHECK(table.starts_with("id          kind              peer "));
  CHECK(table.find("tick\"er") - first == table.find("owner"));
  CHECK(table.find("worker 1") - second == table.find("owner"));
  CHECK(table.ends_with("\n2 connections\n"));
}

TEST_CASE("process/connection_list: an owner that is none does no harm") {
  Service service;
  service.open(0, ConnectionKind::http).owner = 12345;
  service.board.life(1).slot = 77;
  service.open(1, ConnectionKind::http);
  CHECK(service.list("worker=1").shown.empty());
  CHECK(connections_json(service.list("")).find("tick") != std::string::npos);
}

TEST_CASE("process/connection_list: those of configurations that leave stand among the others") {
  Service now, leaving;
  now.open(0, ConnectionKind::http).bytes_in = 1;
  leaving.open(1, ConnectionKind::http).bytes_in = 2;
  oklo::ConnectionSources all = {{now.board, now.table}, {leaving.board, leaving.table}};
  ConnectionList list = list_connections(all, parse_connection_query("sort=in").value(), kNowMs);
  REQUIRE(list.shown.size() == 2);
  CHECK(list.shown[0].bytes_in == 2);
  std::string json = connections_json(list);
  CHECK(json.find("\"owner\":\"worker 2\"") < json.find("\"owner\":\"worker 1\""));
}
