// What goes wrong: a client asks for something that takes a while, and leaves. The server keeps the number
// of its connection for the time when the answer is there, closes the connection, and the next client is
// given that number. So the answer, which may be anything, goes to somebody else.
//
// Why: the kernel gives the lowest free number (open(2)), at once and again and again. The number of an fd
// says where a connection stands, and not which one stands there.
//
// The mend: a generation beside the number, which counts on when the number is closed. Who comes back with
// the old generation means a connection that is gone. The same holds for pids, and for events of an fd that
// was closed earlier in the same batch of epoll_wait.
//
// oklo: ConnectionId (include/oklo/connection_id.h) and RequestId; the tokens of src/reactor/reactor.cc.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/place.h"
#include "experiments/shared_page.h"
#include "sys/epoll.h"
#include "sys/socket.h"

namespace oklo::experiments {

namespace {

constexpr int kRounds = 20;

// What the server has seen.
struct Seen {
  Count questions, leavings;
};

// Answers a '?' at once. An 'A' is a question whose answer, 'a', is there when somebody says '!'.
class Server {
 public:
  Server(bool generations, Seen& seen) : generations_(generations), seen_(seen) {}

  bool on_ready(int connection) {
    char byte = 0;
    long size = sys::receive(connection, &byte, 1);
    if (size <= 0) return sys::try_later(size) || leaves(connection);
    if (byte == 'A') return is_asked(connection);
    if (byte == '!') answer_all();
    return sys::send_bytes(connection, "?", 1) == 1;
  }

 private:
  struct Asker {
    int connection;
    uint32_t generation;
  };

  uint32_t& generation(int connection) { return table_[static_cast<size_t>(connection) % table_.size()]; }

  bool is_asked(int connection) {
    waiting_.push_back({connection, generation(connection)});
    seen_.questions.add();
    return true;
  }

  bool leaves(int connection) {
    generation(connection)++;
    sys::Fd(connection).reset();
    seen_.leavings.add();
    return true;
  }

  void answer_all() {
    for (const Asker& asker : waiting_)
      if (!generations_ || generation(asker.connection) == asker.generation)
        (void)sys::send_bytes(asker.connection, "a", 1);
    waiting_.clear();
  }

  bool generations_;
  Seen& seen_;
  std::array<uint32_t, 1024> table_ = {};
  std::vector<Asker> waiting_;
};

// The first client asks and leaves; the second one comes and asks something else; `other` says that the
// answer to the first question is there. What the second one hears first.
std::optional<char> second_hears(const std::string& address, SyncClient& other, const Seen& seen) {
  SyncClient first = patient_client(), second = patient_client();
  uint32_t asked = seen.questions.value(), left = seen.leavings.value();
  if (!first.connect(address) || !first.send("A")) return std::nullopt;
  if (!seen.questions.reaches(asked + 1)) return std::nullopt;
  first.close();
  if (!seen.leavings.reaches(left + 1) || !second.connect(address) || !ask(second)) return std::nullopt;
  if (!other.send("!") || !other.read_exactly(1) || !second.send("?")) return std::nullopt;
  std::optional<std::string> answer = second.read_exactly(1);
  second.close();
  if (!answer || !seen.leavings.reaches(left + 2)) return std::nullopt;
  return (*answer)[0];
}

Result<double> count_wrong_answers(bool generations) {
  Result<Place> place = Place::open();
  if (!place) return place.error();
  Result<SharedPage<Seen>> seen = SharedPage<Seen>::make();
  if (!seen) return seen.error();
  Result<Child> child = Child::start([&] {
    Server server(generations, **seen);
    auto ready = [&](int connection) { return server.on_ready(connection); };
    run_loop(place->listener.get(), sys::kReadable, ready);
  });
  if (!child) return child.error();
  SyncClient other = patient_client();
  if (!other.connect(place->address) || !ask(other)) return Error{0, other.error()};
  double wrong = 0;
  for (int i = 0; i < kRounds; i++) {
    std::optional<char> heard = second_hears(place->address, other, **seen);
    if (!heard) return Error{0, "the server did not answer"};
    if (*heard != '?') wrong++;
  }
  return wrong;
}

}  // namespace

Result<Outcome> reused_fd() {
  Result<double> fault = count_wrong_answers(false);
  if (!fault) return fault.error();
  Result<double> mend = count_wrong_answers(true);
  if (!mend) return mend.error();
  return Outcome{.columns = {"the number alone", "a generation beside it"},
                 .findings = {{"answers that go to somebody else, of 20", {*fault, *mend}}},
                 .verdict = "The next client gets the number of the one that has left."};
}

}  // namespace oklo::experiments
