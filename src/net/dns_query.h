#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codec/dns_message.h"
#include "net/query_ids.h"
#include "reactor/reactor.h"
#include "sys/address.h"
#include "sys/fd.h"

namespace oklo {

// Whom to ask, and for how long.
struct NameServers {
  std::vector<sys::Address> addresses;
  uint32_t timeout_ms = 5000;  // of one query to one server
  unsigned attempts = 2;       // how often each is asked
  unsigned version = 0;        // others have another one
};

// How it ended when a name was looked up.
enum class LookupOutcome : uint8_t {
  found,
  no_name,
  no_data,        // the name is there, but has no such address
  server_failed,
  malformed,
  timeout,
  unreachable,    // the kernel could not send
  bad_name,
};

struct DnsResult {
  LookupOutcome outcome = LookupOutcome::timeout;
  int number = 0;      // the errno number with `unreachable`
  uint32_t ttl_s = 0;  // how long found, no_name and no_data hold
  std::vector<std::array<uint8_t, 16>> addresses = {};
};

// Asks name servers for the addresses of one name and one type: over UDP, each time from a new socket and
// with a new id, so that nobody who does not see the query can answer it (RFC 5452); over TCP where the
// answer is cut. It goes to the next server when one fails, or says nothing in time, and begins in a later
// phase than that in which it was made.
class DnsQuery final : private EventHandler, private Timer {
 public:
  class Asker {
   public:
    // It is over. The Asker may destroy it here.
    virtual void on_answer(DnsQuery& query) = 0;

   protected:
    ~Asker() = default;
  };

  // The servers are asked in their order, that with the number `first` first. All that is borrowed must
  // outlive it. The question has no id yet.
  DnsQuery(Reactor& reactor, QueryIds& ids, std::shared_ptr<const NameServers> servers, size_t first,
           codec::DnsQuestion question, Asker& asker);
  ~DnsQuery() { close(); }

  const codec::DnsQuestion& question() const { return question_; }
  const NameServers& servers() const { return *servers_; }
  const DnsResult& result() const { return result_; }

 private:
  static constexpr size_t kReadBytes = 4096;

  void on_timer() override;
  void on_event(uint32_t events) override;
  void ask_next();
  [[nodiscard]] long send_packet();
  [[nodiscard]] long begin_stream();
  void on_packet();
  void on_stream();
  void send_stream();
  void read_stream();
  void take(codec::DnsAnswer answer);
  void ask_without_edns();
  void ask_over_stream();
  void fail(LookupOutcome outcome, long number = 0);
  [[nodiscard]] long watch(uint32_t interest);
  const sys::Address& server() const;
  void finish();
  void close();

  Reactor& reactor_;
  QueryIds& ids_;
  std::shared_ptr<const NameServers> servers_;
  Asker& asker_;
  codec::DnsQuestion question_;
  size_t first_;
  size_t asked_ = 0;  // servers so far, one again counts again
  bool with_edns_ = true;
  sys::Fd fd_;
  bool watching_ = false;
  bool is_stream_ = false;
  bool connected_ = false;
  std::string output_;  // of the stream: what is still to be sent
  std::string input_;
  DnsResult result_;
};

}  // namespace oklo
