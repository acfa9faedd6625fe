#include <oklo/datagram_client.h>

#include <optional>
#include <utility>

#include "base/assert.h"
#include "stream/datagram_peers.h"

namespace oklo {

// Made before a fork it has no peers yet; each process makes its own.
struct DatagramClient::Parts {
  DatagramClientHandlers handlers;
  DatagramClientOptions options;
  std::optional<stream::DatagramPeers> peers;

  stream::DatagramPeers& here() {
    Connector* connector = Connector::current();
    OKLO_ASSERT(connector && "a DatagramClient sends in a worker, or in a process of Server::process");
    if (!peers || !peers->current()) peers.emplace(handlers, options, *connector);
    return *peers;
  }
};

DatagramClient::DatagramClient(DatagramClientHandlers handlers, DatagramClientOptions options)
    : parts_(new Parts{std::move(handlers), options, {}}) {
  OKLO_ASSERT(options.addresses > 0 && "DatagramClientOptions::addresses must be at least 1");
}

DatagramClient::~DatagramClient() = default;

bool DatagramClient::send(std::string_view address, std::string_view bytes) {
  return parts_->here().send(address, bytes);
}

bool DatagramClient::close(std::string_view address) { return parts_->here().close(address); }

}  // namespace oklo
