#include "experiments/acceptors.h"

#include "experiments/client.h"
#include "sys/epoll.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/waiting.h"

namespace oklo::experiments {

bool Acceptors::can_be_watched() { return sys::process_status(sys::current_pid()).has_value(); }

Result<Acceptors> Acceptors::start(Accepting way, unsigned count) {
  Result<Place> place = way == Accepting::reuse_port ? open_shared_place() : Place::open();
  if (!place) return place.error();
  Result<SharedPage<Rows>> rows = SharedPage<Rows>::make();
  if (!rows) return rows.error();
  Acceptors acceptors(std::move(place).value(), std::move(rows).value());
  if (Result<void> started = acceptors.start_all(way, count); !started) return started.error();
  if (Result<void> calm = acceptors.wait_for_calm(); !calm) return calm.error();
  acceptors.sleeps_before_ = acceptors.sleeps_now_;
  return acceptors;
}

Result<void> Acceptors::start_all(Accepting way, unsigned count) {
  uint32_t interest = sys::kReadable | (way == Accepting::exclusive ? sys::kExclusive : 0u);
  for (unsigned i = 0; i < count; i++) {
    sys::Fd own;
    if (way == Accepting::reuse_port && i > 0) {
      Result<sys::Fd> joined = join_place(place_);
      if (!joined) return joined.error();
      own = std::move(joined).value();
    }
    int listener = own ? own.get() : place_.listener.get();
    Result<Child> child = Child::start([&] { run(listener, interest, (*rows_)[i]); });
    if (!child) return child.error();
    children_.push_back(std::move(child).value());
  }
  return {};
}

void Acceptors::run(int listener, uint32_t interest, Row& row) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll || epoll->add(listener, interest, 0) < 0) return;
  epoll_event event = {};
  while (epoll->wait({&event, 1}, -1) == 1) {
    row.turns++;
    sys::Address peer;
    sys::Fd connection(static_cast<int>(sys::accept_connection(listener, peer)));
    (connection ? row.accepted : row.in_vain)++;
    if (connection) (void)sys::send_bytes(connection.get(), "!", 1);
  }
}

Result<void> Acceptors::visit() {
  SyncClient client = patient_client();
  if (!client.connect(place_.address) || !client.read_exactly(1)) return Error{0, client.error()};
  client.close();
  return wait_for_calm();
}

// How often all of them together have gone to sleep; nothing while one is awake.
std::optional<uint64_t> Acceptors::falls_asleep() const {
  uint64_t sum = 0;
  for (const Child& child : children_) {
    std::optional<sys::TaskStatus> status = sys::process_status(child.pid());
    if (!status || !status->sleeps()) return std::nullopt;
    sum += status->voluntary;
  }
  return sum;
}

Result<void> Acceptors::wait_for_calm() {
  const uint64_t until_ms = sys::monotonic_ms() + kPatienceMs;
  for (uint64_t now_ms = 0; (now_ms = sys::monotonic_ms()) < until_ms; sys::wait_until(now_ms + 1)) {
    std::optional<uint64_t> sleeps = falls_asleep();
    if (!sleeps) continue;
    sleeps_now_ = *sleeps;
    return {};
  }
  return Error{0, "processes that have nothing to do do not go to sleep"};
}

Acceptors::Costs Acceptors::costs() const {
  Costs costs = {.wake_ups = static_cast<double>(sleeps_now_ - sleeps_before_)};
  for (const Row& row : *rows_) {
    costs.turns += row.turns;
    costs.in_vain += row.in_vain;
  }
  return costs;
}

std::vector<double> Acceptors::shares() const {
  std::vector<double> shares;
  for (size_t i = 0; i < children_.size(); i++) shares.push_back((*rows_)[i].accepted);
  return shares;
}

}  // namespace oklo::experiments
