#include "server/http_site.h"

#include "http/http_service.h"
#include "net/acceptor.h"
#include "process/status.h"

#include <oklo/server.h>

namespace oklo {

namespace {

class HttpPort final : public Port {
 public:
  HttpPort(http::RouteTable& routes, const HttpLimits& limits, const PortContext& context)
      : pool_(context.pool),
        service_(routes, limits, context.pool.life(), context.access_log),
        endpoint_(pool_.make_endpoint(service_)) {
    endpoint_.kind = ConnectionKind::http;
    endpoint_.listener = context.index;
    endpoint_.write_stall_ms = limits.write_stall_ms;
    endpoint_.queue_bytes_max = limits.queue_bytes;
    routes.status_source = [&worker = context.worker] { return status_json(*worker.scoreboard, version()); };
    routes.make_upgrades(endpoint_);
  }

  Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) override {
    return Acceptor::start(pool_, endpoint_, socket, !shared, shared);
  }
  void drain() override { service_.drain(); }

 private:
  ConnectionPool& pool_;
  http::HttpService service_;
  Endpoint endpoint_;
};

}  // namespace

HttpSite::HttpSite(std::string address, std::unique_ptr<http::RouteTable> routes, const HttpLimits& limits)
    : Service(std::move(address)), routes_(std::move(routes)), limits_(limits) {}

// The client speaks first: its worker need not be woken before its first bytes are there.
ListenAddress HttpSite::listen_address() const { return {address(), true}; }

Result<void> HttpSite::open() {
  if (Result<void> checked = routes_->check(); !checked) return checked;
  Result<http::RouteTable::OpenedFiles> opened = routes_->open_files();
  if (!opened) return opened.error();
  opened_ = std::move(opened).value();
  return {};
}

void HttpSite::adopt(std::vector<int>& keep) { routes_->adopt_files(std::move(opened_), keep); }

std::unique_ptr<Port> HttpSite::make_port(const PortContext& context) {
  return std::make_unique<HttpPort>(*routes_, limits_, context);
}

}  // namespace oklo
