#include "codec/resolv_conf.h"

#include <doctest/doctest.h>

#include "guarded.h"

using namespace oklo::codec;
using Names = std::vector<std::string>;

namespace {

ResolvConf parse(std::string_view text) {
  Guarded guarded(text);
  return parse_resolv_conf(guarded.view());
}

}  // namespace

TEST_CASE("codec/resolv_conf: an empty file has the defaults of resolv.conf(5)") {
  ResolvConf conf = parse("");
  CHECK(conf.servers.empty());
  CHECK(conf.search.empty());
  CHECK(conf.ndots == 1);
  CHECK(conf.timeout_s == 5);
  CHECK(conf.attempts == 2);
  CHECK_FALSE(conf.rotate);
}

TEST_CASE("codec/resolv_conf: all that is known, with comments, blanks and what is not known") {
  ResolvConf conf = parse(
      "# a comment\n; another\n\n"
      "nameserver 192.0.2.1\r\n"
      "nameserver\t2001:db8::1 behind\n"
      "  nameserver   192.0.2.3  \n"
      "nameserver 192.0.2.4\n"
      "nameserver\n"
      "search example.org. sub.example.org bad..name\n"
      "sortlist 130.155.160.0\n"
      "nameservers 192.0.2.9\n"
      "options ndots:3 timeout:2 debug attempts:4 rotate edns0");
  CHECK(conf.servers == Names{"192.0.2.1", "2001:db8::1", "192.0.2.3"});
  CHECK(conf.search == Names{"example.org", "sub.example.org"});
  CHECK(conf.ndots == 3);
  CHECK(conf.timeout_s == 2);
  CHECK(conf.attempts == 4);
  CHECK(conf.rotate);
}

TEST_CASE("codec/resolv_conf: numbers are kept within their limits, and others are none") {
  ResolvConf conf = parse("options ndots:99 timeout:99 attempts:99\n");
  CHECK(conf.ndots == 15);
  CHECK(conf.timeout_s == 30);
  CHECK(conf.attempts == 5);
  conf = parse("options ndots:0 timeout:0 attempts:0\n");
  CHECK(conf.ndots == 0);
  CHECK(conf.timeout_s == 1);
  CHECK(conf.attempts == 1);
  conf = parse("options ndots: timeout:-1 attempts:2x ndots:18446744073709551616 ndots\n");
  CHECK(conf.ndots == 1);
  CHECK(conf.timeout_s == 5);
  CHECK(conf.attempts == 2);
}

TEST_CASE("codec/resolv_conf: the last of search and domain counts, and 16 of a list") {
  CHECK(parse("search a b\ndomain c d\n").search == Names{"c"});
  CHECK(parse("domain c\nsearch a\n").search == Names{"a"});
  CHECK(parse("domain c\nsearch\n").search.empty());
  std::string many = "search";
  for (int i = 0; i < 20; i++) many += " d" + std::to_string(i);
  CHECK(parse(many).search.size() == 16);
}

TEST_CASE("codec/resolv_conf: cut at each place it stays harmless") {
  std::string_view text = "search a.b c\noptions ndots:2 rotate\nnameserver ::1\n";
  for (size_t size = 0; size <= text.size(); size++) CHECK(parse(text.substr(0, size)).servers.size() <= 1);
}

TEST_CASE("codec/resolv_conf: which names are tried") {
  ResolvConf conf = parse("search a.org b.org\n");
  CHECK(names_to_try(conf, "www") == Names{"www.a.org", "www.b.org", "www"});
  CHECK(names_to_try(conf, "www.x") == Names{"www.x", "www.x.a.org", "www.x.b.org"});
  CHECK(names_to_try(conf, "www.") == Names{"www"});
  CHECK(names_to_try(parse(""), "www") == Names{"www"});
  conf = parse("search a.org\noptions ndots:2\n");
  CHECK(names_to_try(conf, "www.x") == Names{"www.x.a.org", "www.x"});
  std::string long_name(63, 'a');
  for (int i = 0; i < 3; i++) long_name += '.' + std::string(61, 'a');
  CHECK(names_to_try(conf, long_name) == Names{long_name});
}
