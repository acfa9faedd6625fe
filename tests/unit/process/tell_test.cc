#include "process/tell.h"

#include <doctest/doctest.h>

#include <string>

using namespace oklo;

TEST_CASE("process/tell: each command has its answer, and any other is an error that names it") {
  Scoreboard board = Scoreboard::create(8, 2).value();
  ConnectionTable table = ConnectionTable::create(64).value();
  ServiceView view = {board, table, nullptr, "1.2.3"};
  auto told = [&view](std::string_view command) { return tell(command, view).value(); };
  CHECK(told("status").starts_with("oklo 1.2.3, master "));
  CHECK(told("status json").starts_with("{\"version\":\"1.2.3\""));
  CHECK(told("metrics").starts_with("# HELP oklo_build_info "));
  CHECK(told("connections").ends_with("\n0 connections\n"));
  CHECK(told("connections sort=id").ends_with("\n0 connections\n"));
  CHECK(told("connections json") == "{\"connections\":[],\"left_off\":0}\n");
  CHECK(told("connections json sort=id limit=1") == "{\"connections\":[],\"left_off\":0}\n");
  CHECK(told("top rows=24 sort=idle").starts_with("0 0 0 0 "));
  for (const char* command : {"", " ", "state", "status xml", "metrics now", "jsonconnections"}) {
    Result<std::string> refused = tell(command, view);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().text == "unknown command: " + std::string(command));
  }
  for (const char* command : {"connections xml", "connections json colour=red", "top", "top rows=1 a=b"})
    CHECK_FALSE(tell(command, view).ok());
}
