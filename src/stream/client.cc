#include <oklo/client.h>

#include <optional>
#include <utility>

#include "base/assert.h"
#include "stream/client_side.h"

namespace oklo {

// Made before a fork it has no side yet; each process makes its own.
struct StreamClient::Parts {
  StreamHandlers handlers;
  ClientOptions options;
  std::optional<stream::ClientSide> side;

  stream::ClientSide& here() { return in_this_process(side, handlers, options); }
};

StreamClient::StreamClient(StreamHandlers handlers, ClientOptions options)
    : parts_(new Parts{std::move(handlers), options, {}}) {
  const char* fault = stream::StreamService::fault(parts_->handlers, options.stream);
  OKLO_ASSERT(!fault && "StreamClient: on_receive is missing, or an option is wrong");
}

StreamClient::~StreamClient() = default;

ConnectionId StreamClient::connect(std::string_view address, OnFailed on_failed) {
  return begin(address, nullptr, 0, std::move(on_failed));
}

ConnectionId StreamClient::begin(std::string_view address, const void* state, size_t bytes,
                                 OnFailed on_failed) {
  return parts_->here().connect(address, state, bytes, std::move(on_failed));
}

bool StreamClient::close(ConnectionId id) { return parts_->here().close(id); }

void StreamClient::each(const Function<void(Connection&)>& function) {
  for (ConnectionId id : parts_->here().ids()) with_connection(id, function);
}

}  // namespace oklo
