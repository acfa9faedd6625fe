#include "server/coroutines.h"

#include <memory>
#include <utility>

#include "process/here.h"
#include "server/stream_core.h"

namespace oklo::co {

namespace {

Coroutines* newest = nullptr;

uint64_t key_of(ConnectionId id) { return uint64_t{id.generation} << 32 | id.row; }

}  // namespace

Coroutines::Coroutines() : here_(Here::current()), before_(std::exchange(newest, this)) {}

Coroutines::~Coroutines() {
  while (!running_.empty()) delete &running_.front();
  bury();
  for (auto& [key, stream] : streams_) stream->drop();
  newest = before_;
}

// A child that was forked begins with none: what it has of its parent's is hidden, as timers are.
Coroutines& Coroutines::current() {
  Here& here = Here::current();
  if (!newest || &newest->here_ != &here) here.coroutines = std::make_shared<Coroutines>();
  return *newest;
}

void Coroutines::bury() {
  while (!ended_.empty()) delete &ended_.front();
}

// ---------------------------------------------------------------- tasks

uint64_t Coroutines::add(TaskWait& wait) {
  if (++sequence_ == 0) sequence_ = 1;
  return tickets_.insert(wait, sequence_).number();
}

Coroutines::Ticket* Coroutines::find_ticket(uint64_t number) {
  Ticket* found = tickets_.find(static_cast<uint32_t>(number));
  return found && found->number() == number ? found : nullptr;
}

void Coroutines::forget(uint64_t ticket) {
  if (Ticket* found = find_ticket(ticket)) tickets_.erase(*found);
}

void Coroutines::tell(uint64_t ticket, const TaskOutcome& outcome) {
  Ticket* found = find_ticket(ticket);
  if (!found) return;
  TaskWait& wait = found->wait;
  wait.answer_.state = static_cast<TaskAnswer::State>(outcome.state);
  wait.answer_.bytes = outcome.bytes;
  wait.answer_.reason = outcome.reason;
  wait.end();
}

// ---------------------------------------------------------------- streams

void Coroutines::add(StreamCore& stream) {
  StreamCore*& place = streams_[key_of(stream.id())];
  if (place) place->drop();
  place = &stream;
  stream.keep();
}

void Coroutines::remove(StreamCore& stream) {
  auto found = streams_.find(key_of(stream.id()));
  if (found == streams_.end() || found->second != &stream) return;
  streams_.erase(found);
  stream.drop();
}

StreamCore* Coroutines::find(ConnectionId id) const {
  auto found = streams_.find(key_of(id));
  return found == streams_.end() ? nullptr : found->second;
}

}  // namespace oklo::co
