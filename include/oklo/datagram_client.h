#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <oklo/function.h>

namespace oklo {

// What a DatagramClient calls, in the process that sent, between other events. All may be empty.
struct DatagramClientHandlers {
  // A datagram has come from where one was sent to; it may be empty. `address` is the text that send was
  // given. Both are borrowed until the handler returns.
  Function<void(std::string_view address, std::string_view bytes)> on_receive = {};
  // What was sent there is lost, or some of it, and a sentence says why: there is no such name, nobody
  // listens there (the other side's kernel has said so, udp(7)), there is no way to it.
  Function<void(std::string_view address, std::string_view why)> on_failed = {};
};

// Times are milliseconds.
struct DatagramClientOptions {
  uint32_t idle_ms = 60'000;  // nothing was sent there and nothing came for so long: the address is forgotten
  uint32_t addresses = 64;    // that are known at once; one more takes the place of the one idle for longest
};

// Sends datagrams to other servers, over UDP and unix sockets, in a worker, a task worker or a process of
// Server::process, and hears their answers. Nothing waits.
//
// There is a socket for each address that was sent to, from the first datagram on until it was idle for long
// enough: so what comes is from there and nobody else, and it is told when nobody listens. A name is looked
// up for the first datagram as oklo::resolve does (<oklo/resolve.h>); when nobody listens at its first
// address, later datagrams go to the next one.
//
// The object may be made before Server::run: each process has sockets of its own. It must not be destroyed by
// its own handlers. It keeps no worker from leaving, and works until that has left.
class DatagramClient {
 public:
  explicit DatagramClient(DatagramClientHandlers handlers, DatagramClientOptions options = {});
  DatagramClient(const DatagramClient&) = delete;
  DatagramClient& operator=(const DatagramClient&) = delete;
  ~DatagramClient();

  // Sends a copy of the bytes to "127.0.0.1:53", "[::1]:53", "example.org:53" or "unix:/path". Up to 64
  // datagrams wait while a name is looked up. False: it is lost, since it has more bytes than a datagram may,
  // or there is no room for it now; or there is no way to that address, which on_failed will say. True is no
  // promise. No handler is called before this returns. Where no server runs, and in the master, to call this
  // is a bug and ends the process.
  bool send(std::string_view address, std::string_view bytes);

  // Forgets an address, what waits for it too, and calls nothing for it any more. False when it is not known.
  bool close(std::string_view address);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
