#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gate/deliveries.h"
#include "gate/http_requests.h"
#include "gate/worker_end.h"
#include "http/access_log.h"
#include "net/connection_pool.h"
#include "net/intake.h"
#include "process/application.h"

namespace oklo {

// What a reactor thread of the gate has for its ports, which add themselves.
struct GateSide {
  gate::Deliveries& deliveries;
  std::vector<gate::ThreadPort*>& ports;  // one for each service, in their order
};

// What a gate::WorkerPort is made with, in a worker of process mode; all of it outlives the port.
struct WorkerPortContext {
  WorkerContext& worker;
  gate::WorkerEnd& end;
  gate::HttpRequests& requests;
  http::AccessLog* access_log;  // may be null
  uint8_t index;                // of the Service among all of the server
  AddressGuard* guard;          // may be null
};

// What a Port is made with, in a worker; all of it outlives the Port.
struct PortContext {
  WorkerContext& worker;
  ConnectionPool& pool;
  http::AccessLog* access_log;  // may be null
  uint8_t index;                // of the Service among all of the server
  GateSide* gate;               // in a thread of the gate; else nullptr
};

// What speaks at one address in one worker.
class Port {
 public:
  virtual ~Port() = default;
  // Takes in from a socket of this address; `shared`: other workers take from the same one.
  virtual Result<std::unique_ptr<Intake>> take_from(int socket, bool shared) = 0;
  // The worker leaves: no connection is to stay longer than it must.
  virtual void drain() = 0;
};

// How the connections of a service are reached from other processes: not at all, by their id, in rooms too.
enum class Reach : uint8_t { none, by_id, rooms };

// What is served at one address. Made before the workers are forked, the same in all of them afterwards.
class Service {
 public:
  explicit Service(std::string address) : address_(std::move(address)) {}
  virtual ~Service() = default;

  const std::string& address() const { return address_; }
  // How the address is listened on.
  virtual ListenAddress listen_address() const = 0;
  virtual Reach reach() const { return Reach::none; }
  // In the master, before each generation is forked: whether all is there that it needs, and opens what the
  // workers need anew; adopt follows when all services could. Else nothing changes.
  virtual Result<void> open() = 0;
  // Takes over what open has opened; the fds that children must keep are appended to `keep`.
  virtual void adopt(std::vector<int>& keep) = 0;
  // In the worker.
  virtual std::unique_ptr<Port> make_port(const PortContext& context) = 0;
  // In the worker of process mode; make_port is then called in the threads of the gate.
  virtual std::unique_ptr<gate::WorkerPort> make_worker_port(const WorkerPortContext& context) = 0;

 private:
  std::string address_;
};

}  // namespace oklo
