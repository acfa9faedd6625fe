#pragma once

#include <optional>

#include <oklo/connection.h>

namespace oklo::stream {

// The connections of raw stream services that a worker works on and another process owns, in process mode.
// One in each worker.
class RemoteStreams {
 public:
  // That of this thread; nullptr when there is none.
  static RemoteStreams* current();

  // As with_connection and each_connection.
  virtual bool visit(ConnectionId id, const Function<void(Connection&)>& function) = 0;
  virtual void visit_each(std::optional<unsigned> listener, const Function<void(Connection&)>& function) = 0;

 protected:
  RemoteStreams();
  ~RemoteStreams();
  RemoteStreams(const RemoteStreams&) = delete;
  RemoteStreams& operator=(const RemoteStreams&) = delete;
};

}  // namespace oklo::stream
