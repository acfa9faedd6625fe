#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "gate/worker_end.h"
#include "net/carrier.h"
#include "net/posted_pool.h"
#include "shm/answer_table.h"

namespace oklo::gate {

// The HTTP requests that a worker of process mode has in its hands: each is a connection without a socket,
// which lasts until the request is answered. One in each worker.
class HttpRequests final : private net::Carrier {
 public:
  // Both outlive it.
  HttpRequests(WorkerContext& context, WorkerEnd& end);
  ~HttpRequests();

  PostedPool& pool() { return pool_; }
  // A reactor thread tells of a request, for a service with this endpoint.
  void begin(Endpoint& endpoint, uint32_t thread, const codec::WireRecord& record);
  // There may be news of the request of that connection, of any request.
  void look(ConnectionId id);
  void look();
  // It has become something else, whose thread that is.
  uint32_t thread_of(ConnectionId id) const;

 private:
  class Lane;

  struct Request {
    uint32_t thread;
    uint32_t number;         // for `done`
    uint8_t listener;
    uint16_t flags;          // HttpFlags
    bool told_more = false;  // that the answer takes longer
    std::unique_ptr<Lane> lane;
    AnswerNews heard = {};   // of its answer
  };

  Request* find(ConnectionId id);
  net::PostedConnection* answering(ConnectionId id, uint32_t number);
  void end_input(net::PostedConnection& connection);
  [[nodiscard]] bool open_lane(net::PostedConnection& connection, Request& request);
  void refuse_late(net::PostedConnection& connection);
  void say(ConnectionId id, Said type, uint16_t flags = 0, std::string_view bytes = {}, sys::Fd file = {});
  void finish(ConnectionId id);

  // --- net::Carrier
  void send(ConnectionId id, std::string_view bytes) override;
  void send_file(ConnectionId id, sys::Fd file, uint64_t offset, uint64_t size) override;
  void took(ConnectionId id, size_t bytes) override;
  void closed(ConnectionId id, CloseReason reason, End end) override;
  void settled(net::PostedConnection& connection) override;

  WorkerContext& context_;
  WorkerEnd& end_;
  PostedPool pool_;
  std::unordered_map<uint64_t, Request> requests_;  // by wire_id
};

}  // namespace oklo::gate
