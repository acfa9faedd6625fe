#pragma once

#include <vector>

#include "gate/http_requests.h"
#include "gate/port.h"
#include "gate/ws_worker.h"
#include "http/http_service.h"

#include <oklo/limits.h>

namespace oklo::gate {

// HTTP at one address in a worker of process mode: answers the requests that the gate passes on, as a worker
// of base mode does, and runs the handlers of its WebSockets.
class HttpWorker final : public WorkerPort {
 public:
  // All outlive it. `log` and `guard` may be null.
  HttpWorker(http::RouteTable& routes, const HttpLimits& limits, WorkerContext& context, WorkerEnd& end,
             HttpRequests& requests, http::AccessLog* log, uint8_t listener, AddressGuard* guard = nullptr);

  bool on_told(uint32_t thread, const codec::WireRecord& record) override;

 private:
  bool tell_socket(uint32_t thread, const codec::WireRecord& record);

  HttpRequests& requests_;
  http::HttpService service_;
  Endpoint endpoint_;
  std::vector<WsWorker*> sockets_;  // [route]; nullptr: it has none
};

}  // namespace oklo::gate
