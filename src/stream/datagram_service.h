#pragma once

#include <cstddef>

#include "net/datagram_socket.h"
#include "sys/packet_reader.h"

#include <oklo/datagram.h>

namespace oklo::stream {

// A service of datagrams for one address, in one worker.
class DatagramService final : public DatagramReceiver {
 public:
  // The handlers outlive it and are there. `worker` is the number of the worker's slot.
  DatagramService(const DatagramHandlers& handlers, const DatagramOptions& options, unsigned listener,
                  unsigned worker);

  // What is wrong with them, for whoever wrote them, or nullptr.
  static const char* fault(const DatagramHandlers& handlers, const DatagramOptions& options);

  void on_packet(DatagramSocket& socket, size_t index) override;

  // For the sockets from which it is to be told.
  sys::PacketReader& reader() { return reader_; }
  unsigned listener() const { return listener_; }
  unsigned worker() const { return worker_; }

 private:
  const DatagramHandlers& handlers_;
  unsigned listener_;
  unsigned worker_;
  sys::PacketReader reader_;
};

}  // namespace oklo::stream
