#include "shm/answer_table.h"

#include <doctest/doctest.h>

using oklo::AnswerNews;
using oklo::AnswerTable;
using oklo::CloseReason;
using oklo::ConnectionId;

TEST_CASE("shm/answer_table: what is added of a request is found together") {
  AnswerTable table = AnswerTable::create(4).value();
  ConnectionId id{3, 5};
  CHECK(table.find(id, 1).sent == 0);
  table.add(id, 1, {.sent = 10});
  table.add(id, 1, {.sent = uint64_t{5} << 32});
  table.add(id, 1, {.ended = true});
  table.add(id, 1, {.stops = true});
  AnswerNews news = table.find(id, 1);
  CHECK(news.sent == (uint64_t{5} << 32) + 10);
  CHECK(news.ended);
  CHECK(news.stops);
  CHECK_FALSE(news.gone);
  table.add(id, 1, {.gone = CloseReason::peer_reset});
  news = table.find(id, 1);
  CHECK(news.gone == CloseReason::peer_reset);
  CHECK(news.ended);
}

TEST_CASE("shm/answer_table: of another request, or another connection in the row, nothing is found") {
  AnswerTable table = AnswerTable::create(2).value();
  ConnectionId id{1, 1}, next{1, 3};
  table.add(id, 7, {.sent = 10, .ended = true, .gone = CloseReason::aborted});
  CHECK(table.find(id, 8).sent == 0);
  CHECK_FALSE(table.find(id, 8).gone);
  CHECK_FALSE(table.find(next, 7).ended);
  table.add(id, 8, {.sent = 3});
  CHECK(table.find(id, 8).sent == 3);
  CHECK_FALSE(table.find(id, 8).ended);
  CHECK(table.find(id, 7).sent == 0);
  table.add(next, 8, {.stops = true});
  CHECK(table.find(next, 8).sent == 0);
  CHECK(table.find(id, 8).sent == 0);
}
