#include "bench/load.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/assert.h"
#include "bench/websocket_reader.h"
#include "sys/socket.h"
#include "sys/time.h"
#include "sys/usage.h"

namespace oklo::bench {

using Role = Client::Role;
using State = Client::State;

namespace {

constexpr size_t kEventsMax = 256;
constexpr uint64_t kSecond = 1'000'000'000;

}  // namespace

Result<std::unique_ptr<Load>> Load::create(const Plan& plan, const Messages& messages, unsigned part,
                                           unsigned parts) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  return std::unique_ptr<Load>(new Load(std::move(epoll).value(), plan, messages, part, parts));
}

// By default the idle and the slow ones come first: the others find the server as they leave it.
Load::Load(sys::Epoll epoll, const Plan& plan, const Messages& messages, unsigned part, unsigned parts)
    : plan_(plan),
      messages_(messages),
      epoll_(std::move(epoll)),
      heads_(plan.tally_field),
      part_(part),
      parts_(parts) {
  auto share = [&](unsigned count) { return count / parts + (part < count % parts ? 1 : 0); };
  unsigned idle = share(plan.idle_connections), slow = share(plan.slow_connections);
  clients_.reserve(idle + slow + share(plan.connections));
  if (plan.busy_first) add_clients(Role::busy, share(plan.connections));
  add_clients(Role::idle, idle);
  add_clients(Role::slow, slow);
  if (!plan.busy_first) add_clients(Role::busy, share(plan.connections));
  for (Client& client : clients_) to_open_.push_back(&client);
}

void Load::add_clients(Role role, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    size_t first = clients_.size() * parts_ + part_;
    clients_.emplace_back(role, first, role == Role::busy ? plan_.pipeline : 1, make_reader(first));
  }
}

std::unique_ptr<Reader> Load::make_reader(size_t first) {
  switch (plan_.kind) {
    case Kind::http: return std::make_unique<HttpReader>(heads_);
    case Kind::websocket: return std::make_unique<WebSocketReader>(messages_, first);
    case Kind::tcp: break;
  }
  return std::make_unique<EchoReader>(messages_, first);
}

// ---------------------------------------------------------------- the loop

void Load::run(Start& start, const std::atomic<bool>& stop) {
  now_ns_ = sys::monotonic_ns();
  if (!prepare(start, stop)) return;
  uint64_t had_ns = sys::thread_cpu_ns(), waited_ns = sys::waited_for_processor_ns();
  uint64_t until_ns = start.ns() + plan_.duration_ms * 1'000'000;
  begin(start.ns());
  while (now_ns_ < until_ns && !stop.load(std::memory_order_relaxed)) turn(until_ns);
  spent_ns_ = std::max<uint64_t>(now_ns_ - start.ns(), 1);
  auto part = [this](uint64_t ns) { return static_cast<double>(ns) / static_cast<double>(spent_ns_); };
  busy_ = part(sys::thread_cpu_ns() - had_ns);
  wanted_ = busy_ + part(sys::waited_for_processor_ns() - waited_ns);
  finish();
}

// False: it is to stop before all are prepared.
bool Load::prepare(Start& start, const std::atomic<bool>& stop) {
  prepare_ns_ = now_ns_;
  uint64_t until_ns = now_ns_ + plan_.prepare_ms * 1'000'000;
  while (now_ns_ < until_ns && !is_prepared() && !stop) turn(std::min(until_ns, now_ns_ + kStartNs));
  start.arrive();
  while (start.ns() == 0 && !stop) turn(now_ns_ + kStartNs);
  return start.ns() != 0;
}

// Each connection is made and has had an answer, or has failed once.
bool Load::is_prepared() const {
  if (!to_open_.empty() || connecting_ + rehearsing_ > 0) return false;
  auto greets = [](const Client& client) { return client.state == State::greeting; };
  return std::none_of(clients_.begin(), clients_.end(), greets);
}

// What was asked before and has no answer yet counts from here on.
void Load::begin(uint64_t start_ns) {
  begun_ = true;
  now_ns_ = sys::monotonic_ns();
  if (plan_.rate) schedule_.emplace(plan_.rate, start_ns, part_, parts_);
  for (Client& client : clients_) {
    end_rehearsal(client);
    if (client.under_way() > 0) client.push_due(std::max(client.pop_due(), now_ns_));
    if (client.parked) to_open_.push_back(&client);
    else if (client.state == State::open) ready(client);
  }
}

void Load::turn(uint64_t until_ns) {
  open_some();
  if (schedule_) ask_due();
  std::array<epoll_event, kEventsMax> events;
  uint64_t next_ns = next_turn_ns(until_ns);
  long count = epoll_.wait_ns(events, next_ns - std::min(next_ns, now_ns_));
  OKLO_ASSERT(count >= 0 || count == -EINTR);
  now_ns_ = sys::monotonic_ns();
  for (long i = 0; i < count; i++) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    on_event(clients_[static_cast<size_t>(event.data.u64)], event.events);
  }
  if (now_ns_ >= next_tick_ns_) tick();
}

uint64_t Load::next_turn_ns(uint64_t until_ns) const {
  uint64_t next_ns = std::min(until_ns, next_tick_ns_);
  return schedule_ && !free_.empty() ? std::min(next_ns, schedule_->next_ns()) : next_ns;
}

void Load::tick() {
  next_tick_ns_ = now_ns_ + kTickNs;
  while (!later_.empty() && later_.front().ns <= now_ns_) {
    to_open_.push_back(later_.front().client);
    later_.pop_front();
  }
  for (Client& client : clients_) {
    if (is_late(client)) give_up(client);
    else if (begun_ && client.role() == Role::slow && client.state == State::open) send_slowly(client);
  }
}

void Load::give_up(Client& client) {
  lose(client, client.state == State::connecting ? Fault::connect_timeout : Fault::timeout);
}

bool Load::is_late(const Client& client) const {
  bool waits = client.under_way() > 0 || client.state == State::connecting || client.state == State::greeting;
  return waits && client.since_ns + plan_.timeout_ms * 1'000'000 < now_ns_;
}

// What waits now has waited for nothing.
void Load::finish() {
  for (Client& client : clients_) {
    for (; client.role() == Role::busy && client.under_way() > 0; tally_.unanswered++) {
      uint64_t due_ns = client.pop_due();
      if (schedule_) tally_.latency.add_ns(now_ns_ - due_ns);
    }
  }
  for (; schedule_ && schedule_->next_ns() < now_ns_; schedule_->pop(), tally_.unanswered++)
    tally_.latency.add_ns(now_ns_ - schedule_->next_ns());
}

// ---------------------------------------------------------------- making connections

// A few at a time: more would overflow the queue of the server, and be tried again a second later. The kernel
// makes connections that nobody has accepted yet, so before the load begins they await an answer, and come at
// a pace at which a server can accept also those that say nothing.
bool Load::may_open() const {
  if (connecting_ + rehearsing_ >= std::max(kConnectingMax / parts_, 1u)) return false;
  uint64_t more = (now_ns_ - prepare_ns_) / (kSecond / kMadePerSecond);
  return begun_ || tally_.connects * parts_ < kMadeAtOnce + more;
}

void Load::open_some() {
  while (!to_open_.empty() && may_open()) {
    Client& client = *to_open_.front();
    to_open_.pop_front();
    open(client);
  }
}

void Load::open(Client& client) {
  client.since_ns = now_ns_;
  client.parked = false;
  client.state = State::connecting;
  connecting_++;
  long result = client.connect(plan_.address);
  if (result != 0 && result != -EINPROGRESS) return settle(client, result);
  uint32_t interest = result == 0 ? sys::kReadable : sys::kWritable;
  long failed = epoll_.add(client.fd(), interest, token_of(client));
  if (failed < 0) return settle(client, failed);
  if (result == 0) settle(client, 0);
}

void Load::settle(Client& client, long result) {
  if (result < 0) return lose(client, connect_fault(result));
  connecting_--;
  connected(client);
}

void Load::connected(Client& client) {
  tally_.connects++;
  client.since_ns = now_ns_ = sys::monotonic_ns();
  client.state = State::greeting;
  if (messages_.greeting().empty()) ready(client);
  else send(client, messages_.greeting());
}

void Load::ready(Client& client) {
  client.state = State::open;
  if (client.role() != Role::busy) return;
  if (!begun_) rehearse(client);
  else if (schedule_) enqueue(client);
  else if (client.has_room()) ask(client, plan_.pipeline - client.under_way(), now_ns_);
}

// A connection that has had an answer was accepted: it stands beside the others when the load begins. What is
// learned from it is no part of the load.
void Load::rehearse(Client& client) {
  client.rehearses = true;
  rehearsing_++;
  ask(client, 1, now_ns_);
}

void Load::end_rehearsal(Client& client) {
  if (std::exchange(client.rehearses, false)) rehearsing_--;
}

// Before the load begins, one try is enough.
void Load::reopen(Client& client) {
  close(client);
  client.parked = !begun_;
  if (begun_) to_open_.push_back(&client);
}

void Load::reopen_later(Client& client) {
  close(client);
  later_.push_back({now_ns_ + kRetryNs, &client});
}

// Requests that are under way are sent again: nobody has answered them. The kernel forgets the socket itself.
void Load::close(Client& client) {
  if (client.state == State::connecting) connecting_--;
  end_rehearsal(client);
  while (schedule_ && client.role() == Role::busy && client.under_way() > 0)
    schedule_->put_back(client.pop_due());
  client.close();
}

// What was under way first is what failed.
void Load::lose(Client& client, Fault fault) {
  if (client.role() == Role::idle && client.state == State::open) {
    tally_.idle_lost++;
    return close(client);
  }
  tally_.count(fault);
  bool connects = client.state == State::connecting;
  if (client.under_way() > 0) {
    uint64_t due_ns = client.pop_due();
    if (schedule_ && fault == Fault::timeout) tally_.latency.add_ns(now_ns_ - due_ns);
  }
  if (connects) reopen_later(client);
  else reopen(client);
}

// ---------------------------------------------------------------- what comes

void Load::on_event(Client& client, uint32_t events) {
  if (client.state == State::connecting) {
    long result = sys::connect_outcome(client.fd(), plan_.address);
    if (result == 0) result = epoll_.modify(client.fd(), sys::kReadable, token_of(client));
    return settle(client, result);
  }
  if ((events & sys::kWritable) && client.has_rest()) {
    if (long failed = client.send_rest(); failed < 0) return lose(client, transfer_fault(failed));
    if (!client.has_rest()) watch(client);
  }
  if (events & ~uint32_t{sys::kWritable}) receive(client);
}

// The bytes that were left unread stand in front of those that come.
void Load::receive(Client& client) {
  size_t kept = client.unread.copy(buffer_.get(), client.unread.size());
  long size = sys::receive(client.fd(), buffer_.get() + kept, kBufferBytes - kept);
  now_ns_ = sys::monotonic_ns();
  if (size < 0) {
    if (!sys::try_later(size)) lose(client, transfer_fault(size));
    return;
  }
  if (size == 0) return end(client);
  if (begun_) tally_.bytes += static_cast<uint64_t>(size);
  read(client, {buffer_.get(), kept + static_cast<size_t>(size)});
}

void Load::read(Client& client, std::span<char> bytes) {
  unsigned answered = 0;
  client.unread.clear();
  while (!bytes.empty()) {
    Step step = client.reader().read(bytes);
    bytes = bytes.subspan(step.used);
    if (step.kind == Step::Kind::more) {
      client.unread.assign(bytes.data(), bytes.size());
      break;
    }
    if (step.kind == Step::Kind::broken) return lose(client, step.fault);
    if (step.kind == Step::Kind::ready) ready(client);
    else if (step.kind == Step::Kind::pass) reply(client);
    else if (take_answer(client, step)) answered++;
    if (client.state == State::closed) return;
  }
  if (answered > 0) ask_again(client, answered);
}

void Load::reply(Client& client) {
  if (std::string reply = client.reader().take_reply(); !reply.empty()) send(client, reply);
}

// False: the connection is closed. An answer that nobody asked for is none.
bool Load::take_answer(Client& client, const Step& step) {
  if (client.under_way() == 0) {
    lose(client, Fault::bad_answer);
    return false;
  }
  end_rehearsal(client);
  count(client, step, client.pop_due());
  client.since_ns = now_ns_;
  client.is_first = false;
  if (step.kind == Step::Kind::last) reopen(client);
  return step.kind != Step::Kind::last;
}

void Load::count(Client& client, const Step& step, uint64_t due_ns) {
  if (!step.good) return tally_.count(step.fault);
  if (client.role() == Role::slow) {
    tally_.slow_answers++;
    return;
  }
  if (begun_) tally_.count_answer(now_ns_ - std::min(now_ns_, due_ns), step.length);
  if (client.is_first && !plan_.tally_field.empty()) tally_.count_value(client.reader().tally_value());
  if (!client.served) tally_.served++;
  client.served = true;
}

// A connection on which nothing was asked may be closed at any time (RFC 9112 section 9.5).
void Load::end(Client& client) {
  Step step = client.reader().end();
  if (step.kind == Step::Kind::last) {
    take_answer(client, step);
    return;
  }
  bool at_rest = client.state == State::open && client.under_way() == 0 && client.role() != Role::idle;
  if (at_rest) reopen(client);
  else lose(client, step.fault);
}

// ---------------------------------------------------------------- what is sent

// The requests are written at once.
void Load::ask(Client& client, unsigned count, uint64_t due_ns) {
  if (client.under_way() == 0) client.since_ns = now_ns_;
  for (unsigned i = 0; i < count; i++) client.push_due(due_ns);
  if (count == 1) {
    send(client, messages_.request(client.next_message()));
    return;
  }
  requests_.clear();
  for (unsigned i = 0; i < count; i++) requests_ += messages_.request(client.next_message());
  send(client, requests_);
}

void Load::ask_again(Client& client, unsigned answered) {
  if (client.role() != Role::busy || !begun_) return;
  if (schedule_) enqueue(client);
  else ask(client, answered, now_ns_);
}

// A request for each moment that has come, as long as there are connections for them.
void Load::ask_due() {
  while (!free_.empty() && schedule_->next_ns() <= now_ns_) {
    Client& client = *free_.front();
    free_.pop_front();
    client.queued = false;
    if (client.state != State::open || !client.has_room()) continue;
    uint64_t due_ns = schedule_->next_ns();
    schedule_->pop();
    ask(client, 1, due_ns);
    if (client.state == State::open && client.has_room()) enqueue(client);
  }
}

void Load::enqueue(Client& client) {
  if (client.queued) return;
  client.queued = true;
  free_.push_back(&client);
}

void Load::send_slowly(Client& client) {
  if (client.under_way() > 0) return;
  if (client.slow_at == 0) client.slow_message = client.next_message();
  std::string_view request = messages_.request(client.slow_message);
  send(client, request.substr(client.slow_at++, 1));
  if (client.state != State::open || client.slow_at < request.size()) return;
  client.slow_at = 0;
  client.since_ns = now_ns_;
  client.push_due(now_ns_);
}

// It may close the connection.
void Load::send(Client& client, std::string_view bytes) {
  bool had_rest = client.has_rest();
  long failed = client.send(bytes);
  if (failed < 0) lose(client, transfer_fault(failed));
  else if (client.has_rest() != had_rest) watch(client);
}

void Load::watch(Client& client) {
  uint32_t interest = sys::kReadable | (client.has_rest() ? sys::kWritable : 0u);
  if (epoll_.modify(client.fd(), interest, token_of(client)) < 0) lose(client, Fault::no_file);
}

}  // namespace oklo::bench
