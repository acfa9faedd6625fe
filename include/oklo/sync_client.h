#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <oklo/resolve.h>

namespace oklo {

// How a SyncClient works.
struct SyncClientOptions {
  uint32_t timeout_ms = 5000;        // milliseconds that each call may wait
  uint32_t line_bytes = 65'536;      // of a line; read_line fails at a longer one
  ResolverOptions resolver = {};     // where names are looked up
};

// A connection of a program that waits: for scripts, tests, and the handlers of tasks. It needs no server and
// no Reactor; in a handler of a worker it would hold up all connections of that worker.
//
// Each call waits until it is done, has failed, or its time is over. What fails is false or nothing, and
// error says why. When the time of a receiving call is over, nothing of what came is lost, and it may be made
// again. One thread may use it at a time.
class SyncClient {
 public:
  explicit SyncClient(SyncClientOptions options = {});
  SyncClient(SyncClient&& other) noexcept;
  SyncClient& operator=(SyncClient&& other) noexcept;
  ~SyncClient();

  // Connects to "127.0.0.1:80", "[::1]:80", "example.org:80", over TCP, or to "unix:/path". A name is looked
  // up as oklo::resolve does (<oklo/resolve.h>), and its addresses are tried one after the other until one is
  // there; one that does not answer has its part of the time, a quarter of a second at least. What it was
  // connected to before is closed.
  bool connect(std::string_view address);
  // The same for datagrams: over UDP, or to a unix socket of datagrams. Nothing is sent yet. Of a name the
  // first address counts that there is a way to.
  bool connect_datagrams(std::string_view address);

  // From now on.
  void set_timeout(uint32_t timeout_ms);

  // Sends all of the bytes, or one datagram. A stream of which not all was taken is closed.
  bool send(std::string_view bytes);

  // What is there, as soon as there is something: of a stream at least a byte, and at most `bytes_max`; of
  // datagrams the next one, which may be empty and is cut at 65,536 bytes.
  std::optional<std::string> receive(size_t bytes_max = 65'536);
  // The next line without its end, LF or CR LF. Streams alone.
  std::optional<std::string> read_line();
  // So many bytes, no less. Streams alone.
  std::optional<std::string> read_exactly(size_t bytes);

  // Ends the sending side; what comes is still received.
  void shutdown_send();
  void close();

  bool connected() const;
  // Whether the other side has ended its sending side, and all that came was taken.
  bool ended() const;
  // Whether the last call has failed because its time was over.
  bool timed_out() const;
  // Why the last call has failed, in a sentence; empty when it has not.
  const std::string& error() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
