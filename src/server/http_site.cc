#include "server/http_site.h"

#include "codec/http_request.h"
#include "gate/http_gate.h"
#include "gate/http_worker.h"
#include "http/answer_times.h"
#include "http/http_limits.h"
#include "http/http_service.h"
#include "net/acceptor.h"
#include "net/doorkeeper.h"
#include "process/connection_list.h"
#include "process/status_json.h"
#include "process/status_metrics.h"

#include <oklo/server.h>

namespace oklo {

namespace {

http::Sources sources_of(WorkerContext& worker) {
  return {.status = [&worker] { return status_json(*worker.scoreboard, version(), worker.task_table); },
          .metrics = [&worker] {
            return status_metrics(*worker.scoreboard, *worker.connections, version(), worker.task_table);
          },
          .connections = [&worker](std::string_view words) {
            return tell_connections({{*worker.scoreboard, *worker.connections}}, words, true);
          },
          .ready = [&worker] { return is_healthy(*worker.scoreboard); }};
}

class HttpPort final : public Port {
 public:
  HttpPort(http::RouteTable& routes, const HttpLimits& limits, const EntranceRules& entrance,
           const PortContext& context)
      : pool_(context.pool),
        times_(*context.worker.reactor, pool_.life().answer_us),
        service_(routes, limits, pool_.life(), context.access_log, &times_),
        endpoint_(http::http_endpoint(pool_.make_endpoint(service_), limits, context.index)),
        doorkeeper_(entrance, pool_, endpoint_, *context.worker.log) {
    if (AddressGuard* guard = pool_.guard()) service_.guard_with(*guard);
    routes.sources = sources_of(context.worker);
    routes.make_upgrades(endpoint_);
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return Acceptor::start(pool_, doorkeeper_.endpoint(), socket, !shared, shared);
  }
  void drain() override { service_.drain(); }

 private:
  ConnectionPool& pool_;
  http::AnswerTimes times_;
  http::HttpService service_;
  Endpoint endpoint_;
  Doorkeeper doorkeeper_;
};

// What is wrong with them; empty: nothing.
std::string limits_fault(const HttpLimits& limits) {
  struct Row {
    const char* name;
    uint32_t value;
  };
  const Row rows[] = {{"request_line_bytes", limits.request_line_bytes},
                      {"header_bytes", limits.header_bytes},
                      {"header_count", limits.header_count},
                      {"header_time_ms", limits.header_time_ms},
                      {"body_window_ms", limits.body_window_ms},
                      {"idle_time_ms", limits.idle_time_ms},
                      {"write_stall_ms", limits.write_stall_ms},
                      {"requests", limits.requests},
                      {"queue_bytes", limits.queue_bytes}};
  for (const Row& row : rows)
    if (row.value == 0) return std::string(row.name) + " must be at least 1";
  return limits.header_count > codec::kFieldsMax ? "header_count must be at most 128" : "";
}

// The same in a reactor thread of the gate.
class HttpGatePort final : public Port {
 public:
  HttpGatePort(http::RouteTable& routes, const HttpLimits& limits, const EntranceRules& entrance,
               const PortContext& context)
      : pool_(context.pool),
        gate_(routes, limits, pool_, context.gate->deliveries, context.index),
        doorkeeper_(entrance, pool_, gate_.endpoint(), *context.worker.log) {
    context.gate->ports.push_back(&gate_);
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return Acceptor::start(pool_, doorkeeper_.endpoint(), socket, !shared, shared);
  }
  void drain() override { gate_.drain(); }

 private:
  ConnectionPool& pool_;
  gate::HttpGate gate_;
  Doorkeeper doorkeeper_;
};

}  // namespace

HttpSite::HttpSite(std::string address, std::unique_ptr<http::RouteTable> routes, const HttpLimits& limits)
    : Service(std::move(address)), routes_(std::move(routes)), limits_(limits) {}

// The client speaks first: its worker need not be woken before its first bytes are there.
ListenAddress HttpSite::listen_address() const { return {address(), true}; }

Result<void> HttpSite::open() {
  std::string fault = limits_fault(limits_);
  if (Result<void> checked = routes_->check(); fault.empty() && !checked) fault = checked.error().text;
  Result<EntranceRules> entrance = EntranceRules::read(limits_.entrance);
  if (fault.empty() && !entrance) fault = entrance.error().text;
  if (!fault.empty()) return Error{0, "http " + address() + ": " + fault};
  entrance_ = std::move(entrance).value();
  Result<http::RouteTable::OpenedFiles> opened = routes_->open_files();
  if (!opened) return opened.error();
  opened_ = std::move(opened).value();
  return {};
}

void HttpSite::adopt(std::vector<int>& keep) { routes_->adopt_files(std::move(opened_), keep); }

std::unique_ptr<Port> HttpSite::make_port(const PortContext& context) {
  if (context.gate) return std::make_unique<HttpGatePort>(*routes_, limits_, entrance_, context);
  return std::make_unique<HttpPort>(*routes_, limits_, entrance_, context);
}

std::unique_ptr<gate::WorkerPort> HttpSite::make_worker_port(const WorkerPortContext& context) {
  routes_->sources = sources_of(context.worker);
  return std::make_unique<gate::HttpWorker>(*routes_, limits_, context.worker, context.end, context.requests,
                                            context.access_log, context.index, context.guard);
}

}  // namespace oklo
