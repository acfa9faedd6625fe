#include "process/status_top.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "shm/connection_rows.h"

using namespace oklo;

namespace {

struct Service {
  Service() {
    for (uint32_t i = 0; i < kWorkers; i++) {
      board.begin_life(i, 1, 0);
      board.life(i).state = LifeState::ready;
      board.life(i).requests.set(1'000'000);
    }
    std::strcpy(board.slot(kWorkers).name, "a name of thirty-one characters");
    board.slot(kWorkers).role = Role::process;
    board.begin_life(kWorkers, 1, 0);
    ConnectionRows rows(table, 2);
    for (int i = 0; i < 30; i++) rows.row(rows.open()).kind = ConnectionKind::websocket_client;
  }
  std::string top(std::string_view words) {
    return status_top(board, {{board, table}}, "1.2.3", words).value();
  }

  static constexpr uint32_t kWorkers = 20;
  Scoreboard board = Scoreboard::create(64, kWorkers + 1).value();
  ConnectionTable table = ConnectionTable::create(1024).value();
};

size_t lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("process/status_top: numbers first, then no more rows than there is room for, in 80 columns") {
  Service service;
  for (size_t rows : {8, 9, 22, 23, 40, 70}) {
    std::string text = service.top("rows=" + std::to_string(rows));
    CHECK(lines(text) <= rows + 1);
    CHECK(lines(text) >= std::min<size_t>(rows + 1, 56));
    CHECK(text.starts_with("20000000 0 0 0 "));
    size_t at = text.find('\n') + 1;
    CHECK(text.substr(at).starts_with("oklo 1.2.3, master 0, up "));
    for (; at < text.size(); at = text.find('\n', at) + 1) CHECK(text.find('\n', at) - at <= 80);
  }
}

TEST_CASE("process/status_top: what there is no room for is told") {
  Service service;
  std::string text = service.top("rows=22");
  CHECK(text.find("\nworker 9 ") != text.npos);
  CHECK(text.find("\nworker 10 ") == text.npos);
  CHECK(text.find("\nand 12 more\n") != text.npos);
  text = service.top("rows=60");
  CHECK(text.find("\nworker 20 ") != text.npos);
  CHECK(text.find("\na name of thi  ") != text.npos);
  CHECK(text.find(" more\n") == text.npos);
}

TEST_CASE("process/status_top: connections are those that are asked for") {
  Service service;
  CHECK(service.top("rows=60").find("websocket  worker 3") != std::string::npos);
  CHECK(service.top("rows=60 kind=http").find("websocket ") == std::string::npos);
  for (const char* words : {"", "rows=", "rows=x", "row=1", "rows=20 sort=nothing"})
    CHECK_FALSE(status_top(service.board, {{service.board, service.table}}, "1", words).ok());
}
