#include "process/status_metrics.h"

#include <doctest/doctest.h>

#include <cstring>
#include <set>
#include <string>

#include "process/three_tasks.h"
#include "shm/connection_rows.h"

using namespace oklo;

namespace {

struct Service {
  explicit Service(uint32_t gate_lives = 0)
      : board(Scoreboard::create(8, 3, gate_lives).value()), table(ConnectionTable::create(256).value()) {
    board.begin_life(0, 3, 0);
    board.life(gate_lives).state = LifeState::ready;
  }
  std::string text(const TaskTable* tasks = nullptr) { return status_metrics(board, table, "1.2.3", tasks); }
  // The value of a sample, by its name and labels.
  std::string value(const std::string& name, const TaskTable* tasks = nullptr) {
    std::string all = "\n" + text(tasks);
    size_t at = all.find("\n" + name + " ");
    if (at == all.npos) return "none";
    at += name.size() + 2;
    return all.substr(at, all.find('\n', at) - at);
  }

  Scoreboard board;
  ConnectionTable table;
};

}  // namespace

TEST_CASE("process/status_metrics: the service") {
  Service service;
  ServiceRow& row = service.board.service();
  row.generation = 3;
  row.reloads = 4;
  row.reloads_failed = 5;
  row.generations_ended = 6;
  CHECK(service.value("oklo_build_info{version=\"1.2.3\",mode=\"base\"}") == "1");
  CHECK(service.value("oklo_up") == "1");
  CHECK(service.value("oklo_ready") == "1");
  CHECK(service.value("oklo_generation") == "3");
  CHECK(service.value("oklo_reloads_total{outcome=\"done\"}") == "4");
  CHECK(service.value("oklo_reloads_total{outcome=\"failed\"}") == "5");
  CHECK(service.value("oklo_generations_ended_total") == "6");
  row.stopping = true;
  CHECK(service.value("oklo_ready") == "0");
}

TEST_CASE("process/status_metrics: what lives counted, also those that are gone") {
  Service service;
  service.board.begin_life(1, 3, 0);
  for (uint32_t i = 0; i < 2; i++) {
    LifeRow& life = service.board.life(i);
    life.accepted.set(1);
    life.requests.set(2);
    life.bytes_in.set(3);
    life.bytes_out.set(uint64_t{1} << 40);
    life.accept_pauses.set(5);
    life.log_lines_dropped.set(6);
    life.messages_dropped.set(7);
    life.broadcasts_missed.set(8);
    life.requests_limited.set(10);
    life.packets_refused.set(11);
    life.addresses_unknown.set(12);
    life.closed[static_cast<size_t>(CloseReason::idle_timeout)].set(9);
  }
  service.board.end_life(1);
  CHECK(service.value("oklo_connections_accepted_total") == "2");
  CHECK(service.value("oklo_requests_total") == "4");
  CHECK(service.value("oklo_received_bytes_total") == "6");
  CHECK(service.value("oklo_sent_bytes_total") == "2199023255552");
  CHECK(service.value("oklo_accept_pauses_total") == "10");
  CHECK(service.value("oklo_log_lines_dropped_total") == "12");
  CHECK(service.value("oklo_messages_dropped_total") == "14");
  CHECK(service.value("oklo_broadcasts_missed_total") == "16");
  CHECK(service.value("oklo_requests_limited_total") == "20");
  CHECK(service.value("oklo_packets_refused_total") == "22");
  CHECK(service.value("oklo_addresses_unknown_total") == "24");
  CHECK(service.value("oklo_connections_closed_total{reason=\"idle_timeout\"}") == "18");
  CHECK(service.value("oklo_connections_closed_total{reason=\"aborted\"}") == "0");
}

TEST_CASE("process/status_metrics: the histogram is cumulative and has a sum and a count") {
  Service service;
  LatencyHistogram& times = service.board.life(0).answer_us;
  times.add(100, 3);
  times.add(3000, 2);
  times.add(uint64_t{1} << 30);
  auto bucket = [&](const std::string& le) {
    return service.value("oklo_http_answer_seconds_bucket{le=\"" + le + "\"}");
  };
  CHECK(bucket("0.000064") == "0");
  CHECK(bucket("0.000128") == "3");
  CHECK(bucket("0.002048") == "3");
  CHECK(bucket("0.004096") == "5");
  CHECK(bucket("134.217728") == "5");
  CHECK(bucket("+Inf") == "6");
  CHECK(service.value("oklo_http_answer_seconds_count") == "6");
  CHECK(service.value("oklo_http_answer_seconds_sum") == "1073.748124");
}

TEST_CASE("process/status_metrics: connections by kind, and what waits to be sent") {
  Service service;
  ConnectionRows rows(service.table, 0);
  for (ConnectionKind kind : {ConnectionKind::http, ConnectionKind::websocket, ConnectionKind::websocket}) {
    ConnectionRow& row = rows.row(rows.open());
    row.kind = kind;
    row.queued_bytes = 1000;
  }
  CHECK(service.value("oklo_connections{kind=\"http\"}") == "1");
  CHECK(service.value("oklo_connections{kind=\"websocket\"}") == "2");
  CHECK(service.value("oklo_connections{kind=\"stream\"}") == "0");
  CHECK(service.value("oklo_connections_queued_bytes{kind=\"websocket\"}") == "2000");
}

TEST_CASE("process/status_metrics: processes by role and state, restarts and back-off") {
  Service service;
  service.board.slot(2).role = Role::process;
  service.board.begin_life(1, 3, 0);
  service.board.life(0).stopped = true;
  service.board.slot(0).restarts = 2;
  service.board.slot(1).restarts = 3;
  service.board.slot(1).backoff_ms = 400;
  service.board.slot(0).backoff_ms = 200;
  service.board.slot(2).restarts = 7;
  CHECK(service.value("oklo_processes{role=\"worker\",state=\"stopped\"}") == "1");
  CHECK(service.value("oklo_processes{role=\"worker\",state=\"starting\"}") == "1");
  CHECK(service.value("oklo_processes{role=\"worker\",state=\"ready\"}") == "0");
  CHECK(service.value("oklo_restarts_total{role=\"worker\"}") == "5");
  CHECK(service.value("oklo_restarts_total{role=\"process\"}") == "7");
  CHECK(service.value("oklo_backoff_seconds{role=\"worker\"}") == "0.4");
  CHECK(service.value("oklo_backoff_seconds{role=\"manager\"}") == "0");
}

TEST_CASE("process/status_metrics: queues of those who accept, where the kernel tells of them") {
  Service service;
  CHECK_FALSE(service.text().find("oklo_accept_queue{") != std::string::npos);
  SlotRow& slot = service.board.slot(1);
  slot.accept_queue = 7;
  slot.accept_queue_max = 128;
  CHECK(service.value("oklo_accept_queue{owner=\"worker 2\"}") == "7");
  CHECK(service.value("oklo_accept_queue_limit{owner=\"worker 2\"}") == "128");
  CHECK(service.value("oklo_accept_queue{owner=\"worker 1\"}") == "none");
  slot.role = Role::gate_thread;
  std::strcpy(slot.name, "gate 1");
  CHECK(service.value("oklo_accept_queue{owner=\"gate 1\"}") == "7");
}

TEST_CASE("process/status_metrics: what a gate counts, where there is one, and tasks, where there are any") {
  Service service(1);
  service.board.gone(Keeper::gate);
  service.board.life(1).deliveries_lost.set(4);
  CHECK(service.value("oklo_build_info{version=\"1.2.3\",mode=\"process\"}") == "1");
  CHECK(service.value("oklo_gate_deliveries_lost_total") == "4");
  CHECK(Service().value("oklo_gate_deliveries_lost_total") == "none");
  TaskTable tasks = three_tasks();
  CHECK(service.value("oklo_tasks_accepted_total", &tasks) == "3");
  CHECK(service.value("oklo_tasks_queued", &tasks) == "1");
  CHECK(service.value("oklo_tasks_running", &tasks) == "1");
  CHECK(service.value("oklo_tasks_ended_total{end=\"failed\"}", &tasks) == "1");
  CHECK(service.value("oklo_tasks_ended_total{end=\"done\"}", &tasks) == "0");
  CHECK(service.value("oklo_tasks_queued") == "none");
}

TEST_CASE("process/status_metrics: each family and each sample stands there once") {
  TaskTable tasks = three_tasks();
  std::string text = Service(1).text(&tasks);
  std::set<std::string> seen;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    std::string line = text.substr(at, text.find('\n', at) - at);
    CHECK_MESSAGE(seen.insert(line.starts_with('#') ? line : line.substr(0, line.rfind(' '))).second, line);
  }
}
