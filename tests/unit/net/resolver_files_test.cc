#include "net/resolver_files.h"

#include <doctest/doctest.h>

#include "temp_dir.h"

using oklo::ResolverFiles;

TEST_CASE("net/resolver_files: without files the server of this machine is asked") {
  ResolverFiles files("/none/resolv.conf", "/none/hosts", 5353);
  CHECK_FALSE(files.refresh(1));
  REQUIRE(files.servers()->addresses.size() == 1);
  CHECK(files.servers()->addresses[0].to_string() == "127.0.0.1:5353");
  CHECK(files.servers()->timeout_ms == 5000);
  CHECK(files.servers()->attempts == 2);
}

TEST_CASE("net/resolver_files: what they say, once a second") {
  TempDir temp;
  temp.file("resolv.conf", "nameserver ::1\nnameserver fe80::1%lo\nnameserver name\nnameserver 127.0.0.2\n"
                           "options timeout:3 attempts:4\nsearch a b\n");
  temp.file("hosts", "::1 a\n");
  ResolverFiles files(temp / "resolv.conf", temp / "hosts", 53);
  CHECK(files.refresh(7));
  auto servers = files.servers();
  // Three are read, and of these one is an address.
  REQUIRE(servers->addresses.size() == 1);
  CHECK(servers->addresses[0].to_string() == "[::1]:53");
  CHECK(servers->timeout_ms == 3000);
  CHECK(servers->attempts == 4);
  CHECK(files.conf().search.size() == 2);
  CHECK(files.hosts().find("a").size() == 1);
  temp.file("resolv.conf", "");
  temp.file("hosts", "");
  CHECK_FALSE(files.refresh(7));
  CHECK(files.hosts().find("a").size() == 1);
  CHECK(files.refresh(8));
  CHECK(files.hosts().find("a").empty());
  CHECK(files.conf().search.empty());
  CHECK(servers->timeout_ms == 3000);  // of queries that are under way
  CHECK_FALSE(files.refresh(9));
}

TEST_CASE("net/resolver_files: a directory or a fifo is no file, and of a large file the beginning counts") {
  TempDir temp;
  temp.directory("resolv.conf");
  REQUIRE(mkfifo((temp / "hosts").c_str(), 0644) == 0);
  ResolverFiles files(temp / "resolv.conf", temp / "hosts", 53);
  CHECK_FALSE(files.refresh(1));
  REQUIRE(rmdir((temp / "resolv.conf").c_str()) == 0);
  temp.file("resolv.conf", "search a\n#" + std::string(70'000, 'x') + "\nsearch b\n");
  CHECK(files.refresh(2));
  CHECK(files.conf().search == std::vector<std::string>{"a"});
}
