#include "process/connection_query.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "guarded.h"

using namespace oklo;

namespace {

ConnectionQuery good(std::string_view words) {
  Guarded guarded(words);
  Result<ConnectionQuery> query = parse_connection_query(guarded.view());
  REQUIRE_MESSAGE(query.ok(), words);
  return *query;
}

std::string bad(std::string_view words) {
  Guarded guarded(words);
  Result<ConnectionQuery> query = parse_connection_query(guarded.view());
  REQUIRE_MESSAGE(!query.ok(), words);
  return query.error().text;
}

codec::Network peer(std::string_view text) { return *good("peer=" + std::string(text)).peer; }

}  // namespace

TEST_CASE("process/connection_query: without a word it is all, the oldest first") {
  ConnectionQuery query = good("");
  CHECK(query.sort == ConnectionSort::age);
  CHECK(query.limit == 10'000);
  CHECK_FALSE(query.kind);
  CHECK_FALSE(query.worker);
  CHECK_FALSE(query.thread);
  CHECK_FALSE(query.peer);
  CHECK(query.min_age_s + query.min_idle_s + query.min_in + query.min_out + query.min_queue == 0);
}

TEST_CASE("process/connection_query: each word sets what it says") {
  ConnectionQuery query = good(
      "sort=queue limit=7 kind=websocket worker=3 thread=2 min_age=1 min_idle=2 min_in=3 min_out=4 "
      "min_queue=5");
  CHECK(query.sort == ConnectionSort::queue);
  CHECK(query.limit == 7);
  CHECK(query.kind == ConnectionKind::websocket);
  CHECK(query.worker == 3);
  CHECK(query.thread == 2);
  CHECK(query.min_age_s == 1);
  CHECK(query.min_idle_s == 2);
  CHECK(query.min_in == 3);
  CHECK(query.min_out == 4);
  CHECK(query.min_queue == 5);
  CHECK(good("sort=age sort=peer").sort == ConnectionSort::peer);
}

TEST_CASE("process/connection_query: peers are an address, a network or a unix socket") {
  CHECK(peer("unix").kind == codec::Network::Kind::unix_sockets);
  CHECK(peer("all").kind == codec::Network::Kind::all);
  codec::Network v4 = peer("192.0.2.7");
  CHECK(v4.bits == 128);
  CHECK(std::memcmp(v4.ip.bytes.data(), "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07", 16) == 0);
  CHECK(peer("10.0.0.0/8").bits == 104);
  CHECK(peer("0.0.0.0/0").bits == 96);
  CHECK(peer("::/0").bits == 0);
  CHECK(peer("2001:db8::/32").bits == 32);
  CHECK(peer("::1").bits == 128);
}

TEST_CASE("process/connection_query: what is wrong is told with what would be right") {
  CHECK(bad("colour=red") ==
        "unknown \"colour\"; known are sort limit kind worker thread peer min_age min_idle min_in min_out "
        "min_queue");
  CHECK(bad("sort=size").starts_with("bad value \"size\" for sort: it takes age, idle, "));
  for (const char* words :
       {"sort", "=", " ", "limit=0", "limit=10001", "limit=-1", "kind=none", "kind=", "worker=x", "worker=",
        "peer=", "peer=*", "peer=10.0.0.0/33", "peer=10.0.0.1/8", "peer=::/129", "peer=10.0.0.0/",
        "peer=a", "peer=::1]", "peer=1.2.3.4:80", "min_age=18446744073709551616", "kind=http  kind=http"})
    bad(words);
}

TEST_CASE("process/connection_query: cut off at any place it is refused or means less") {
  std::string words = "kind=http peer=10.0.0.0/8 limit=12";
  for (size_t cut = 0; cut <= words.size(); cut++) {
    Guarded guarded(std::string_view(words).substr(0, cut));
    Result<ConnectionQuery> query = parse_connection_query(guarded.view());
    if (query) CHECK((query->limit == 10'000 || query->limit == 1 || query->limit == 12));
  }
}
