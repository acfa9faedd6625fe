#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/slot_table.h"
#include "gate/crew.h"
#include "gate/dispatcher.h"
#include "gate/port.h"
#include "gate/talk.h"
#include "net/connection_pool.h"
#include "shm/answer_table.h"

#include <oklo/dispatch.h>

namespace oklo::gate {

// What a reactor thread tells the workers of its connections. Of one connection one message at a time is
// under way: the next one goes when the worker has said that it is done with the one before. So they are
// handled in order whichever workers get them, and a worker that dies holds one of a connection at most.
class Deliveries {
 public:
  // All outlive it. The ports are those of the services, in their order.
  Deliveries(ConnectionPool& pool, Crew& crew, Dispatcher& dispatcher, Load& load, const AnswerTable& answers,
             OnWorkerDeath on_death, const std::vector<ThreadPort*>& ports);

  // Tells a worker, behind what was told of that connection before. The bytes are copied where they wait.
  void tell(net::Connection& connection, Told type, uint16_t flags = 0, std::string_view bytes = {});
  // What more has become of the HTTP request that is under way; no `done` follows. Whoever has it in its
  // hands hears of it, or gets to have it. Nothing happens when none is.
  void tell_more(net::Connection& connection, const AnswerNews& news);
  // Rings for a life that has requests in its hands and hears no more over the wire: there is news.
  void on_ring(Function<void(uint32_t life)> ring) { ring_ = std::move(ring); }
  // The last call of a connection, from Protocol::on_close: what others know of it stays until all of it
  // was told.
  void part_with(net::Connection& connection);
  // Tells a worker of a datagram, of no connection; false when it takes no more now.
  bool tell_packet(uint8_t listener, const PacketHead& head, std::string_view bytes);
  // Whether something is under way, or waits.
  bool has(const net::Connection& connection) const { return of(connection) != nullptr; }

  bool empty() const { return all_.size() == 0; }
  // Called whenever nothing is under way any more.
  void on_empty(Function<void()> function) { on_empty_ = std::move(function); }

  // --- what a Crew has to tell
  // A worker said something that is not for the Relay. False: no worker says that.
  bool hear(uint32_t worker, const codec::WireRecord& record, sys::Fd file);
  void on_room(uint32_t worker);
  void on_change();
  void on_gone(const Reader& reader, bool died);

 private:
  static constexpr unsigned kAttemptsMax = 5;
  // A worker that dies had all of a unit in its hands.
  static constexpr unsigned kUnitDeliveriesMax = 32;

  struct Message {
    Told type = Told::received;
    uint16_t flags = 0;
    std::string bytes;
  };
  // What is under way of one connection, and what waits behind it.
  struct Delivery {
    Delivery(uint32_t at, ConnectionId whose, const ConnectionRow& of_row, uint8_t of_listener)
        : index(at), id(whose), row(of_row), listener(of_listener) {}
    uint32_t slot_index() const { return index; }

    uint32_t index;
    ConnectionId id;
    const ConnectionRow& row;
    uint8_t listener;
    bool sent = false;      // else it waits for room on the wire
    bool parted = false;    // its connection is gone
    bool has_news = false;  // of what is under way
    uint8_t attempts = 0;
    uint32_t number = 0;
    uint32_t worker = 0;
    uint32_t unit = 0;      // in which it travels
    Message current;        // the bytes only where they may be needed again
    std::list<Message> next;  // mostly empty, which costs nothing
  };

  // The unit for a worker that is being made.
  struct Filling {
    uint32_t unit = 0;
    unsigned deliveries = 0;
  };

  Delivery* of(const net::Connection& connection) const {
    uint32_t place = connection.row().slot;
    return place < of_connection_.size() ? of_connection_[place] : nullptr;
  }
  Delivery*& place_of(const net::Connection& connection);
  Delivery* find(ConnectionId id);
  void begin(Delivery& delivery, std::string_view bytes);
  uint32_t worker_for(const Delivery& delivery, std::string_view bytes);
  void send(Delivery& delivery, std::string_view bytes);
  bool fills_unit(const Delivery& delivery);
  void number(Delivery& delivery);
  void put_news(const Delivery& delivery);
  void ring_for(const Delivery& delivery);
  void go_on(Delivery& delivery);
  void end(Delivery& delivery);
  void lose(Delivery& delivery);
  void on_done(uint32_t worker, ConnectionId id, uint32_t number);
  static bool is_message(const Message& message);
  bool may_repeat(const Delivery& delivery) const;
  net::Connection* connection_of(const Delivery& delivery);

  ConnectionPool& pool_;
  Crew& crew_;
  Dispatcher& dispatcher_;
  Load& load_;
  const AnswerTable& answers_;
  OnWorkerDeath on_death_;
  const std::vector<ThreadPort*>& ports_;
  SlotTable<Delivery> all_;
  std::vector<Delivery*> of_connection_;             // by ConnectionRow::slot
  std::unordered_map<uint32_t, Delivery*> of_gone_;  // by row
  std::unordered_map<uint64_t, uint32_t> bound_;     // by wire_id: the worker that alone is told of it
  std::vector<std::deque<uint32_t>> waiting_;        // [worker]: the indexes of those that wait for room
  std::vector<Filling> filling_;                     // [worker]
  Function<void()> on_empty_;
  Function<void(uint32_t life)> ring_;
  uint32_t last_number_ = 0;
};

}  // namespace oklo::gate
