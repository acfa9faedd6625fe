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

  stream::DatagramPeers& here() { return in_this_process(peers, handlers, options); }
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
