#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/reader.h"
#include "sys/address.h"
#include "sys/fd.h"

namespace oklo::bench {

// One connection of the plan, which may be made more than once: its socket, what waits to be sent, and which
// requests are under way.
class Client {
 public:
  enum class Role : uint8_t { busy, slow, idle };
  enum class State : uint8_t { closed, connecting, greeting, open };

  // first: the number of its first message.
  Client(Role role, size_t first, unsigned pipeline, std::unique_ptr<Reader> reader)
      : role_(role), first_(first), reader_(std::move(reader)), dues_(pipeline) {}

  Role role() const { return role_; }
  Reader& reader() { return *reader_; }
  int fd() const { return socket_.get(); }

  // 0: it is connected; -EINPROGRESS; else a negative errno number.
  [[nodiscard]] long connect(const sys::Address& address);
  void close();

  // Sends, and keeps what the socket does not take. 0, or a negative errno number.
  [[nodiscard]] long send(std::string_view bytes);
  [[nodiscard]] long send_rest();
  bool has_rest() const { return !rest_.empty(); }

  // Requests under way, the oldest first: each is the time from which on it counts.
  void push_due(uint64_t ns) { dues_[(oldest_ + under_way_++) % dues_.size()] = ns; }
  uint64_t pop_due();
  unsigned under_way() const { return under_way_; }
  bool has_room() const { return under_way_ < dues_.size(); }
  // The number of the next message to be sent.
  size_t next_message() { return first_ + sent_++; }

  State state = State::closed;
  uint64_t since_ns = 0;   // when it began to wait for what it waits for
  size_t slow_message = 0;  // of a slow one, the request that it sends
  size_t slow_at = 0;      // and how many bytes of that
  bool rehearses = false;  // awaits its first answer, before the load begins
  bool parked = false;     // closed, to be opened when the load begins
  bool queued = false;     // among those that may be given a request
  bool served = false;     // has had an answer, once
  bool is_first = true;    // the next answer is the first of this connection
  std::string unread;      // came, and is to be read with what comes next

 private:
  Role role_;
  size_t first_;
  size_t sent_ = 0;
  std::unique_ptr<Reader> reader_;
  std::vector<uint64_t> dues_;
  unsigned oldest_ = 0;
  unsigned under_way_ = 0;
  sys::Fd socket_;
  std::string rest_;
};

}  // namespace oklo::bench
