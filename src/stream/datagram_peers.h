#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/client_in_process.h"
#include "net/names.h"
#include "reactor/reactor.h"
#include "sys/address.h"
#include "sys/fd.h"

#include <oklo/datagram_client.h>

namespace oklo::stream {

// What a DatagramClient is in one process: a socket for each address that it sends to.
class DatagramPeers final : public ClientInProcess, private Timer {
 public:
  // All of them outlive it, but for a Connector that is not the current one any more.
  DatagramPeers(const DatagramClientHandlers& handlers, const DatagramClientOptions& options,
                Connector& connector, Names& names);
  DatagramPeers(const DatagramClientHandlers& handlers, const DatagramClientOptions& options,
                Connector& connector);
  ~DatagramPeers();

  bool send(std::string_view address, std::string_view bytes);
  bool close(std::string_view address);
  size_t size() const { return peers_.size(); }

 private:
  static constexpr size_t kBytesMax = 65'536;      // of a datagram that are received
  static constexpr size_t kWaitingMax = 64;        // datagrams that wait for a lookup
  static constexpr size_t kWaitingBytesMax = 1u << 20;
  static constexpr int kPacketsMax = 32;           // that are received from one peer in a turn

  // One address, known by its text. It may die in any call of a handler.
  class Peer final : public EventHandler, public Timer {
   public:
    Peer(DatagramPeers& of, std::string_view text) : address(text), owner_(of) {}
    ~Peer() { unwatch(); }

    void on_event(uint32_t) override { owner_.receive(address); }
    void on_timer() override { owner_.look_at(*this); }
    [[nodiscard]] long open(const sys::Address& to);
    void unwatch();

    const std::string address;
    uint64_t lookup = 0;  // while that is under way
    uint16_t port = 0;    // 0: it has no name
    std::vector<std::string> waiting;
    size_t waiting_bytes = 0;
    std::vector<sys::Address> addresses;
    size_t at = 0;  // which of them is used
    sys::Fd socket;
    uint64_t active_ms = 0;

   private:
    DatagramPeers& owner_;
    bool watched_ = false;
  };

  struct Failure {
    std::string address;
    std::string why;
  };

  Peer* find(std::string_view address);
  Peer& insert(std::string_view address);
  void erase(const Peer& peer);
  Peer* begin(std::string_view address);
  bool look_up(Peer& peer, std::string_view host);
  void take_addresses(std::string_view address, Result<std::vector<sys::Address>> found);
  bool send_now(Peer& peer, std::string_view bytes);
  bool wait(Peer& peer, std::string_view bytes);
  [[nodiscard]] long open(Peer& peer);
  void move_on(Peer& peer, long error);
  void receive(std::string address);
  void look_at(Peer& peer);
  void fail(std::string_view address, std::string why);
  void on_timer() override;

  LifeRow& life() const { return connector_.pool().life(); }
  uint64_t now_ms() const { return reactor().clock().now_ms; }

  const DatagramClientHandlers& handlers_;
  const DatagramClientOptions& options_;
  Names& names_;
  std::map<std::string, std::unique_ptr<Peer>, std::less<>> peers_;
  std::vector<Failure> failures_;  // that are to be told
  std::unique_ptr<char[]> room_;   // for what comes
};

}  // namespace oklo::stream
