#include "gate/http_worker.h"

#include <memory>
#include <utility>

#include "http/http_limits.h"

namespace oklo::gate {

HttpWorker::HttpWorker(http::RouteTable& routes, const HttpLimits& limits, WorkerContext& context,
                       WorkerEnd& end, HttpRequests& requests, http::AccessLog* log, uint8_t listener,
                       AddressGuard* guard)
    : requests_(requests),
      service_(routes, limits, *context.row, log),
      endpoint_(http::http_endpoint(requests.pool().make_endpoint(service_), limits, listener)) {
  if (guard) service_.guard_with(*guard);
  routes.make_upgrades([&](uint32_t route, http::UpgradeMaker& maker) {
    auto made = std::make_unique<WsWorker>(static_cast<ws::WebSocketMaker&>(maker), route, endpoint_, context,
                                           end, requests);
    if (sockets_.size() <= route) sockets_.resize(route + 1);
    sockets_[route] = made.get();
    return std::unique_ptr<http::Upgrade>(std::move(made));
  });
}

bool HttpWorker::on_told(uint32_t thread, const codec::WireRecord& record) {
  switch (static_cast<Told>(record.type)) {
    case Told::http_request:
      requests_.begin(endpoint_, thread, record);
      return false;
    case Told::http_news:
      requests_.look(connection_id(record.connection));
      return true;
    case Told::ws_text:
    case Told::ws_binary:
    case Told::ws_closed: return tell_socket(thread, record);
    default: return true;
  }
}

bool HttpWorker::tell_socket(uint32_t thread, const codec::WireRecord& record) {
  uint16_t route = record.flags;
  if (route < sockets_.size() && sockets_[route]) sockets_[route]->on_told(thread, record);
  return true;
}

}  // namespace oklo::gate
