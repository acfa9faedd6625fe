#include "codec/hosts_file.h"

#include <doctest/doctest.h>

using oklo::codec::HostsFile;
using Found = std::vector<std::string_view>;

TEST_CASE("codec/hosts_file: names and aliases, in any case, with all their addresses in order") {
  HostsFile hosts(
      "127.0.0.1\tlocalhost\n"
      "# 1.1.1.1 hidden\n"
      "192.0.2.1  Web.Example.org web # 1.1.1.2 also\n"
      "\n"
      "2001:db8::1 web\r\n"
      "lonely\n"
      "192.0.2.2 last");
  CHECK(hosts.find("localhost") == Found{"127.0.0.1"});
  CHECK(hosts.find("web.example.ORG") == Found{"192.0.2.1"});
  CHECK(hosts.find("WEB") == Found{"192.0.2.1", "2001:db8::1"});
  CHECK(hosts.find("last") == Found{"192.0.2.2"});
  for (const char* name : {"hidden", "also", "we", "webb", "lonely", "192.0.2.1", "", "#"})
    CHECK_MESSAGE(hosts.find(name).empty(), name);
}

TEST_CASE("codec/hosts_file: cut at each place, names before are found, and those behind are not") {
  std::string text = "::1 a bb\r\n::2\tccc # d\n";
  for (size_t size = 0; size <= text.size(); size++) {
    HostsFile hosts(text.substr(0, size));
    CHECK(hosts.find("a").size() == (size > 4));
    CHECK(hosts.find("bb").size() == (size > 7));
    CHECK(hosts.find("ccc").size() == (size > 16));
    CHECK(hosts.find("d").empty());
  }
}

TEST_CASE("codec/hosts_file: it may be moved, also when it is short") {
  HostsFile from("::1 a\n");
  HostsFile to = std::move(from);
  from = HostsFile("::2 bb");
  CHECK(to.find("a") == Found{"::1"});
  CHECK(from.find("bb") == Found{"::2"});
  CHECK(HostsFile().find("a").empty());
}

TEST_CASE("codec/hosts_file: names and bytes that are too many are not found") {
  std::string text;
  for (int i = 0; i < 70'000; i++) text += "::1 n" + std::to_string(i) + "\n";
  HostsFile hosts(text);
  CHECK(hosts.find("n0").size() == 1);
  CHECK(hosts.find("n65535").size() == 1);
  CHECK(hosts.find("n65536").empty());
  std::string padding(HostsFile::kBytesMax - 30, 'x');
  HostsFile large("::1 first\n#" + padding + "\n::1 whole\n::1 cut-off-here\n");
  CHECK(large.find("first").size() == 1);
  CHECK(large.find("whole").size() == 1);
  CHECK(large.find("cut").empty());
  CHECK(large.find("cut-off-here").empty());
}
