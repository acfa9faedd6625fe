#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "bench/client.h"
#include "bench/http_reader.h"
#include "bench/messages.h"
#include "bench/plan.h"
#include "bench/schedule.h"
#include "bench/start.h"
#include "bench/tally.h"
#include "sys/epoll.h"

namespace oklo::bench {

// The load of one thread: its connections, and the loop that runs them. Plan and messages outlive it.
class Load {
 public:
  // Takes its part of the plan's connections, of so many parts.
  static Result<std::unique_ptr<Load>> create(const Plan& plan, const Messages& messages, unsigned part,
                                              unsigned parts);

  // Makes its connections and asks once on each, arrives at the start, and makes load from there on, until
  // the plan's time is over or `stop` is set.
  void run(Start& start, const std::atomic<bool>& stop);

  const Tally& tally() const { return tally_; }
  // Once it has run: for how long it has made load, for which part of that it had a processor, and for which
  // it had one or waited for it.
  double seconds() const { return static_cast<double>(spent_ns_) / 1e9; }
  double busy() const { return busy_; }
  double wanted() const { return wanted_; }

 private:
  static constexpr size_t kBufferBytes = 128 * 1024;
  static constexpr uint64_t kTickNs = 20'000'000;     // a slow connection sends a byte
  static constexpr uint64_t kRetryNs = 100'000'000;   // after a connection that could not be made
  static constexpr uint64_t kStartNs = 1'000'000;     // from one look whether all are prepared to the next
  // Of all threads: connections that are being made at once; and how many are made before the load begins,
  // the first ones at once and then a second.
  static constexpr unsigned kConnectingMax = 256;
  static constexpr uint64_t kMadeAtOnce = 128;
  static constexpr uint64_t kMadePerSecond = 5000;

  Load(sys::Epoll epoll, const Plan& plan, const Messages& messages, unsigned part, unsigned parts);
  void add_clients(Client::Role role, unsigned count);
  std::unique_ptr<Reader> make_reader(size_t first);

  bool prepare(Start& start, const std::atomic<bool>& stop);
  bool is_prepared() const;
  void begin(uint64_t start_ns);
  void turn(uint64_t until_ns);
  uint64_t next_turn_ns(uint64_t until_ns) const;
  void tick();
  void finish();

  bool may_open() const;
  void open_some();
  void open(Client& client);
  void reopen(Client& client);
  void reopen_later(Client& client);
  void rehearse(Client& client);
  void end_rehearsal(Client& client);
  void settle(Client& client, long result);
  void connected(Client& client);
  void ready(Client& client);

  void on_event(Client& client, uint32_t events);
  void receive(Client& client);
  void read(Client& client, std::span<char> bytes);
  void reply(Client& client);
  bool take_answer(Client& client, const Step& step);
  void count(Client& client, const Step& step, uint64_t due_ns);
  void end(Client& client);
  void lose(Client& client, Fault fault);
  void close(Client& client);

  void ask(Client& client, unsigned count, uint64_t due_ns);
  void ask_again(Client& client, unsigned answered);
  void ask_due();
  void enqueue(Client& client);
  void send_slowly(Client& client);
  void send(Client& client, std::string_view bytes);
  void watch(Client& client);
  uint64_t token_of(const Client& client) const { return static_cast<uint64_t>(&client - clients_.data()); }
  void give_up(Client& client);
  bool is_late(const Client& client) const;

  const Plan& plan_;
  const Messages& messages_;
  sys::Epoll epoll_;
  HttpHeads heads_;
  Tally tally_;
  unsigned part_;
  unsigned parts_;
  std::vector<Client> clients_;
  std::deque<Client*> to_open_;
  struct Later {
    uint64_t ns;
    Client* client;
  };
  std::deque<Later> later_;  // to be opened; the wait is the same for all, so the first one comes first
  unsigned connecting_ = 0;
  unsigned rehearsing_ = 0;  // before the load begins: those that await their first answer
  std::optional<Schedule> schedule_;  // of an open loop
  std::deque<Client*> free_;          // in an open loop, those that may be given a request
  bool begun_ = false;
  uint64_t prepare_ns_ = 0;  // when it began to prepare
  uint64_t now_ns_ = 0;
  uint64_t next_tick_ns_ = 0;
  uint64_t spent_ns_ = 0;
  double busy_ = 0;
  double wanted_ = 0;
  std::string requests_;  // of one write
  std::unique_ptr<char[]> buffer_{new char[kBufferBytes]};
};

}  // namespace oklo::bench
