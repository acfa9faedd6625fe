#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/co_root.h"

#include <oklo/co_stream.h>

namespace oklo::co {

// What a Stream stands for: what has come and was not read, who waits, and how it ended. Counted by those who
// refer to it: the Stream, the waits, and Coroutines as long as there is a connection. It knows that by its
// id alone.
class StreamCore {
 public:
  explicit StreamCore(bool messages) : messages_(messages) {}

  void keep() { references_++; }
  void drop() {
    if (--references_ == 0) delete this;
  }
  ConnectionId id() const { return id_; }
  void set_id(ConnectionId id) { id_ = id; }

  // --- what its connection tells
  void take(Connection& connection, std::string_view bytes);
  void take_end(Connection& connection);
  void take_drain(Connection& connection);
  void take_close(CloseReason reason);
  void take_up();                       // of one that was made
  void take_failure(std::string text);  // of one that could not be made
  // Runs the coroutine that serves it.
  void begin(Connection& connection, const StreamCoroutine& serve);

  // --- what the waits ask
  bool find(StreamRead& read);
  void wait(StreamRead& read);
  void forget(StreamRead& read);
  void set_read_time(uint32_t ms) { read_time_ms_ = ms; }
  // Whether it could be sent; `full`: too much waits.
  bool send(std::string_view bytes, bool& full);
  void wait(StreamWrite& write);
  void forget(StreamWrite& write);
  bool connecting() const { return connecting_; }
  void set_connecting(Connecting& by) {
    connecting_by_ = &by;
    connecting_ = true;
  }
  // Nobody waits for it any more; whether it was being made.
  bool give_up();

  // --- for the Stream
  std::string_view error() const { return error_; }
  bool ended() const { return ended_ || closed_; }
  std::optional<CloseReason> closed() const { return closed_; }
  // Calls a function with the connection; false: there is none, or it can't be had here.
  bool visit(const Function<void(Connection&)>& function);

 private:
  static constexpr size_t kHeldBytesMax = 64 << 10;  // that nobody has read, before reading pauses
  static constexpr size_t kKeptBytes = 1 << 10;      // of an empty buffer

  ~StreamCore() = default;
  size_t unread() const { return held_.size() - at_; }
  void give_back();
  void compact();
  void lend(StreamRead& read, size_t skip, size_t bytes, size_t all);
  bool find_bytes(StreamRead& read);
  bool find_message(StreamRead& read);
  bool find_line(StreamRead& read);
  void wake_reader();
  void take_silence();
  void end(CloseReason reason);
  void wake_writer(bool sent);
  void wake_connecting();

  ConnectionId id_;
  uint32_t references_ = 0;
  uint32_t read_time_ms_ = 0;  // that a read may wait; 0: for ever
  std::string held_;      // what was lent stands at at_
  size_t at_ = 0;
  size_t lent_ = 0;
  std::string later_;     // what came while some was lent
  Connection* at_hand_ = nullptr;  // while it tells something
  StreamRead* reader_ = nullptr;
  TimerId read_timer_;    // runs while there is a reader_
  StreamWrite* writer_ = nullptr;
  Connecting* connecting_by_ = nullptr;
  RootPlace root_;  // of one that was accepted
  std::string error_;
  std::optional<CloseReason> closed_;  // its connection may still have bytes to send
  bool messages_;         // each stands behind its size
  bool ended_ = false;
  bool paused_ = false;
  bool connecting_ = false;
};

// The handlers of a service whose connections are served by coroutines, and those of what they connect to.
StreamHandlers serving_handlers(StreamCoroutine serve, const StreamOptions& options);
StreamHandlers connecting_handlers();

}  // namespace oklo::co
