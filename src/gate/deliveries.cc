#include "gate/deliveries.h"

#include <utility>

namespace oklo::gate {

Deliveries::Deliveries(ConnectionPool& pool, Crew& crew, Dispatcher& dispatcher, Load& load,
                       const AnswerTable& answers, OnWorkerDeath on_death,
                       const std::vector<ThreadPort*>& ports)
    : pool_(pool),
      crew_(crew),
      dispatcher_(dispatcher),
      load_(load),
      answers_(answers),
      on_death_(on_death),
      ports_(ports),
      waiting_(crew.size()),
      filling_(crew.size()) {}

Deliveries::Delivery*& Deliveries::place_of(const net::Connection& connection) {
  uint32_t place = connection.row().slot;
  if (place >= of_connection_.size()) of_connection_.resize(place + 1);
  return of_connection_[place];
}

Deliveries::Delivery* Deliveries::find(ConnectionId id) {
  if (net::Connection* connection = pool_.find(id)) return of(*connection);
  auto gone = of_gone_.find(id.row);
  return gone != of_gone_.end() && gone->second->id == id ? gone->second : nullptr;
}

void Deliveries::tell(net::Connection& connection, Told type, uint16_t flags, std::string_view bytes) {
  if (bytes.size() > Wire::kRecordBytesMax) return connection.abort(CloseReason::message_too_big);
  Delivery*& delivery = place_of(connection);
  if (delivery) {
    bool same = type == Told::sent && !delivery->next.empty() && delivery->next.back().type == type;
    if (!same) delivery->next.push_back({type, flags, std::string(bytes)});
    return;
  }
  delivery = &all_.insert(connection.id(), connection.row(), connection.endpoint().listener);
  delivery->current.type = type;
  delivery->current.flags = flags;
  begin(*delivery, bytes);
}

void Deliveries::begin(Delivery& delivery, std::string_view bytes) {
  number(delivery);
  delivery.worker = worker_for(delivery, bytes);
  load_.add(delivery.worker);
  bool room = !crew_.wire(delivery.worker).full();
  bool is_kept = bytes.data() == delivery.current.bytes.data();
  if ((!room || may_repeat(delivery)) && !is_kept) delivery.current.bytes = bytes;
  delivery.sent = room;
  if (room) send(delivery, bytes);
  else waiting_[delivery.worker].push_back(delivery.index);
}

// One that is bound waits for its worker when that one does not serve.
uint32_t Deliveries::worker_for(const Delivery& delivery, std::string_view bytes) {
  auto bound = bound_.empty() ? bound_.end() : bound_.find(wire_id(delivery.id));
  if (bound != bound_.end()) return bound->second;
  return dispatcher_.choose(delivery.id, delivery.row, bytes);
}

// A worker that dies may have had many in its hands. What is told again is so in a unit of its own: next time
// it is lost with those alone that it may have killed.
void Deliveries::send(Delivery& delivery, std::string_view bytes) {
  delivery.sent = true;
  Wire& wire = crew_.wire(delivery.worker);
  bool again = delivery.attempts > 0;
  if (again) wire.flush();
  wire.put({static_cast<uint8_t>(delivery.current.type), delivery.listener, delivery.current.flags,
            delivery.number, wire_id(delivery.id), bytes});
  if (delivery.has_news) put_news(delivery);
  delivery.unit = wire.commit();
  if (fills_unit(delivery) || again) wire.flush();
}

bool Deliveries::fills_unit(const Delivery& delivery) {
  Filling& filling = filling_[delivery.worker];
  if (filling.unit != delivery.unit) filling = {delivery.unit, 0};
  return ++filling.deliveries == kUnitDeliveriesMax;
}

// A number is never 0. What was told of a request that is told again is not forgotten; of its answer nothing
// has left.
void Deliveries::number(Delivery& delivery) {
  AnswerNews news;
  if (delivery.has_news) news = answers_.find(delivery.id, delivery.number);
  news.sent = 0;
  if (++last_number_ == 0) last_number_ = 1;
  delivery.number = last_number_;
  if (delivery.has_news) answers_.add(delivery.id, delivery.number, news);
}

// A worker that has left its wire to the next one finds it in the table; one that leaves it now looks there
// afterwards.
void Deliveries::tell_more(net::Connection& connection, const AnswerNews& news) {
  Delivery* delivery = of(connection);
  if (!delivery || delivery->current.type != Told::http_request) return;
  answers_.add(delivery->id, delivery->number, news);
  delivery->has_news = true;
  if (!delivery->sent) return;
  put_news(*delivery);
  crew_.wire(delivery->worker).commit();
  ring_for(*delivery);
}

void Deliveries::put_news(const Delivery& delivery) {
  uint8_t type = static_cast<uint8_t>(Told::http_news);
  crew_.wire(delivery.worker).put({type, delivery.listener, 0, 0, wire_id(delivery.id)});
}

void Deliveries::ring_for(const Delivery& delivery) {
  if (!ring_) return;
  if (std::optional<uint32_t> life = crew_.left_with(delivery.worker, delivery.unit)) ring_(*life);
}

// As long as the worker takes it.
void Deliveries::on_room(uint32_t worker) {
  std::deque<uint32_t>& waiting = waiting_[worker];
  while (!waiting.empty() && !crew_.wire(worker).full()) {
    Delivery& delivery = *all_.find(waiting.front());
    waiting.pop_front();
    send(delivery, delivery.current.bytes);
    crew_.wire(worker).flush();
  }
}

bool Deliveries::hear(uint32_t worker, const codec::WireRecord& record, sys::Fd file) {
  if (record.type != static_cast<uint8_t>(Said::done))
    return record.listener < ports_.size() && ports_[record.listener]->on_said(record, std::move(file));
  on_done(worker, connection_id(record.connection), record.number);
  return true;
}

void Deliveries::on_done(uint32_t worker, ConnectionId id, uint32_t number) {
  Delivery* delivery = find(id);
  bool held = delivery && delivery->sent && delivery->worker == worker && delivery->number == number;
  if (!held) return;
  net::Connection* connection = connection_of(*delivery);
  if (delivery->current.type == Told::connected && connection && connection->open())
    if (ports_[delivery->listener]->on_taken(*connection, crew_.reader_of(worker, delivery->unit)))
      bound_[wire_id(delivery->id)] = worker;
  go_on(*delivery);
}

// With the next one, if there is one.
void Deliveries::go_on(Delivery& delivery) {
  load_.take(delivery.worker);
  if (delivery.next.empty()) return end(delivery);
  delivery.current = std::move(delivery.next.front());
  delivery.next.pop_front();
  delivery.attempts = 0;
  delivery.has_news = false;
  begin(delivery, delivery.current.bytes);
}

void Deliveries::end(Delivery& delivery) {
  net::Connection* connection = connection_of(delivery);
  if (delivery.parted) {
    of_gone_.erase(delivery.id.row);
    bound_.erase(wire_id(delivery.id));
    pool_.release_row(delivery.id);
  } else {
    of_connection_[connection->row().slot] = nullptr;
  }
  uint8_t listener = delivery.listener;
  all_.erase(delivery);
  if (connection && connection->open()) ports_[listener]->on_done(*connection);
  if (empty() && on_empty_) on_empty_();
}

// As any datagram it may be lost where there is no room for it.
bool Deliveries::tell_packet(uint8_t listener, const PacketHead& head, std::string_view bytes) {
  uint8_t ip[16];
  head.peer.copy_ip(ip);
  uint32_t worker = dispatcher_.choose(listener, head.peer.port() ? ip : nullptr, bytes);
  Wire& wire = crew_.wire(worker);
  if (wire.full()) return false;
  std::string whole(reinterpret_cast<const char*>(&head), sizeof head);
  whole.append(bytes);
  wire.put({static_cast<uint8_t>(Told::packet), listener, 0, 0, 0, whole});
  wire.commit();
  return true;
}

void Deliveries::part_with(net::Connection& connection) {
  Delivery* delivery = of(connection);
  if (!delivery) {
    bound_.erase(wire_id(connection.id()));
    return;
  }
  of_connection_[connection.row().slot] = nullptr;
  of_gone_[delivery->id.row] = delivery;
  delivery->parted = true;
  pool_.retain_row(connection);
}

// ---------------------------------------------------------------- workers that are gone

void Deliveries::on_change() {
  std::vector<uint32_t> lost;
  all_.for_each([&](Delivery& delivery) {
    if (!delivery.sent) return;
    if (crew_.has_lost(delivery.worker, delivery.unit)) lost.push_back(delivery.index);
    else if (delivery.has_news) ring_for(delivery);
  });
  for (uint32_t index : lost)
    if (Delivery* delivery = all_.find(index)) lose(*delivery);
}

void Deliveries::on_gone(const Reader& reader, bool died) {
  for (ThreadPort* port : ports_) port->on_worker_gone(reader, died);
}

bool Deliveries::is_message(const Message& message) {
  switch (message.type) {
    case Told::received:
    case Told::ws_text:
    case Told::ws_binary:
    case Told::http_request: return true;
    default: return false;
  }
}

// What is no message must be heard: a handler that keeps count of connections would count wrong. A request
// whose body went to the dead is not here any more.
bool Deliveries::may_repeat(const Delivery& delivery) const {
  if (delivery.current.type == Told::http_request && delivery.current.flags & kBodyFollows) return false;
  return on_death_ == OnWorkerDeath::redeliver || !is_message(delivery.current);
}

net::Connection* Deliveries::connection_of(const Delivery& delivery) {
  return delivery.parted ? nullptr : pool_.find(delivery.id);
}

void Deliveries::lose(Delivery& delivery) {
  net::Connection* connection = connection_of(delivery);
  bool whole = !connection || ports_[delivery.listener]->may_repeat(*connection, delivery.current.type);
  if (may_repeat(delivery) && whole && ++delivery.attempts < kAttemptsMax) {
    pool_.life().deliveries_repeated.add(1);
    load_.take(delivery.worker);
    return begin(delivery, delivery.current.bytes);
  }
  pool_.life().deliveries_lost.add(1);
  bool close = on_death_ != OnWorkerDeath::lose;
  if (connection && connection->open()) ports_[delivery.listener]->on_lost(*connection, close);
  go_on(delivery);
}

}  // namespace oklo::gate
