#include "stream/client_side.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "net/host_names.h"

namespace oklo::stream {

struct ClientSide::Wish {
  std::string address;
  StreamClient::OnFailed on_failed;
  bool has_state = false;
  alignas(8) std::array<unsigned char, kStateBytes> state = {};
};

ClientSide::ClientSide(const StreamHandlers& handlers, const ClientOptions& options, Connector& connector)
    : ClientInProcess(connector),
      options_(options),
      service_(handlers, options.stream, connector.pool().reactor(), own_life_, connector.pool().life().slot),
      endpoint_(connector.pool().make_endpoint(service_)) {
  connector_.use_names(host_names());
  endpoint_.kind = ConnectionKind::stream_client;
  endpoint_.write_stall_ms = options.stream.write_stall_ms;
  endpoint_.queue_bytes_max = options.stream.queue_bytes;
}

ClientSide::~ClientSide() {
  if (!current()) return;
  OKLO_ASSERT(being_made_ == 0 && ids().empty() && "a StreamClient must live as long as its connections");
}

ConnectionId ClientSide::connect(std::string_view address, const void* state, size_t bytes,
                                 StreamClient::OnFailed on_failed) {
  Wish wish = {std::string(address), std::move(on_failed), state != nullptr};
  if (state) std::memcpy(wish.state.data(), state, bytes);
  being_made_++;
  auto done = [this, wish = std::move(wish)](ConnectionId id, Result<Connector::Connected> outcome) {
    being_made_--;
    if (outcome) open(id, std::move(outcome).value(), wish);
    else if (wish.on_failed) wish.on_failed(wish.address, outcome.error().text);
  };
  return connector_.connect(address, options_.connect_ms,
                            {options_.stream.nodelay, static_cast<int>(options_.stream.keepalive_s)},
                            std::move(done));
}

void ClientSide::open(ConnectionId id, Connector::Connected connected, const Wish& wish) {
  service_.begin_with(wish.has_state ? wish.state.data() : nullptr);
  connector_.pool().open_client(id, endpoint_, std::move(connected.socket), connected.peer);
  service_.begin_with(nullptr);
}

bool ClientSide::close(ConnectionId id) {
  if (!connector_.cancel(id)) return close_connection(id);
  being_made_--;
  return true;
}

}  // namespace oklo::stream
