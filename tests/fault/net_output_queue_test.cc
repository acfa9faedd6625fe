#include <doctest/doctest.h>

#include <errno.h>

#include <set>
#include <string>
#include <vector>

#include "faulty_kernel.h"
#include "net/queue_fixture.h"
#include "sys/file.h"

namespace faults = oklo::faults;
namespace sys = oklo::sys;

namespace {

// Parts of all kinds, of `sizes` bytes each. The answer says of each byte whether it is in memory.
std::vector<bool> add_parts(Queue& queue, std::initializer_list<size_t> sizes) {
  static const std::string text = numbered(100'000);
  std::vector<bool> in_memory;
  int kind = 0;
  for (size_t size : sizes) {
    std::string_view part = std::string_view(text).substr(in_memory.size(), size);
    if (kind % 5 == 0) queue.bytes(part);
    if (kind % 5 == 1) queue.shared(part);
    if (kind % 5 == 2) queue.file("..." + std::string(part), 3, size);
    if (kind % 5 == 3) queue.written(part);
    if (kind % 5 == 4) queue.shared(part);
    in_memory.insert(in_memory.end(), size, kind++ % 5 != 2);
  }
  REQUIRE(queue.promised == text.substr(0, in_memory.size()));
  return in_memory;
}

size_t count_from(const std::vector<bool>& in_memory, size_t at) {
  size_t count = 0;
  for (; at < in_memory.size(); at++) count += in_memory[at];
  return count;
}

// Sends a queue whose sends are cut short; where they were cut.
void send_in_pieces(Queue& queue, const std::vector<bool>& in_memory, std::set<size_t>& cuts) {
  std::string got;
  size_t sent = 0;
  while (!queue.output.empty()) {
    long n = queue.send();
    REQUIRE(n >= 0);
    sent += static_cast<size_t>(n);
    cuts.insert(sent);
    CHECK(queue.output.bytes() == count_from(in_memory, sent));
    got += queue.peer.read();
    CHECK(got == queue.promised.substr(0, sent));
  }
  CHECK(sent == queue.promised.size());
}

}  // namespace

TEST_CASE("fault/net: a queue that is cut at any byte goes on behind it") {
  std::set<size_t> cuts;
  size_t size = 0;
  for (uint64_t seed = 0; seed < 600; seed++) {
    CAPTURE(seed);
    faults::Scope scope;
    Queue queue;
    std::vector<bool> in_memory = add_parts(queue, {7, 9, 11, 5, 1, 1, 2, 8, 3, 4});
    size = in_memory.size();
    faults::shorten(seed);
    send_in_pieces(queue, in_memory, cuts);
  }
  for (size_t at = 1; at <= size; at++) {
    CAPTURE(at);
    CHECK(cuts.contains(at));  // Every place had its turn.
  }
}

TEST_CASE("fault/net: one part alone that is cut at any byte goes on behind it") {
  for (int kind = 0; kind < 3; kind++) {
    CAPTURE(kind);
    std::set<size_t> cuts;
    std::string text = numbered(30);
    for (uint64_t seed = 0; seed < 200; seed++) {
      faults::Scope scope;
      Queue queue;
      if (kind == 0) queue.bytes(text);
      if (kind == 1) queue.shared(text);
      if (kind == 2) queue.file(text, 0, text.size());
      faults::shorten(seed);
      send_in_pieces(queue, std::vector<bool>(text.size(), kind != 2), cuts);
    }
    for (size_t at = 1; at <= text.size(); at++) CHECK(cuts.contains(at));
  }
}

TEST_CASE("fault/net: many parts and many blocks, cut anywhere") {
  std::set<size_t> cuts;
  for (uint64_t seed = 0; seed < 40; seed++) {
    CAPTURE(seed);
    faults::Scope scope;
    Queue queue;
    std::vector<bool> in_memory =
        add_parts(queue, {1, 20'000, 1, 2, 3, 4, 5, 6, 16'000, 8, 9, 1, 1, 1, 1, 1, 1, 1, 1, 30, 1,
                          1, 1,      1, 700, 1, 1, 1, 1, 1, 16'384, 1, 1, 40});
    faults::shorten(seed);
    send_in_pieces(queue, in_memory, cuts);
  }
}

TEST_CASE("fault/net: any send that fails is the errno number, and nothing is left open") {
  for (const char* call : {"send", "sendmsg", "sendfile"})
    for (int number : {EPIPE, ECONNRESET, ENOMEM, ETIMEDOUT, EIO}) {
      CAPTURE(call);
      CAPTURE(number);
      size_t fds = sys::open_fds().size();
      int k = 0;
      for (bool happened = true; happened;) {
        k++;
        CAPTURE(k);
        faults::Scope scope;
        Queue queue;
        std::string got;
        add_parts(queue, {7, 9, 11, 5, 1, 1, 2, 8});
        faults::fail(call, k, number);
        long result = queue.send_all(got);
        if (result == 0) {  // One block alone, for the call that is for one block.
          queue.bytes("the last");
          result = queue.send_all(got);
        }
        happened = faults::all_happened();
        got += queue.peer.read();
        CHECK(result == (happened ? -number : 0));
        CHECK(queue.promised.starts_with(got));
        CHECK((got.size() == queue.promised.size()) == !happened);
        queue.output.clear(queue.pool);
        CHECK(queue.output.bytes() == 0);
      }
      CHECK(k > 1);
      CHECK(sys::open_fds().size() == fds);
    }
}

TEST_CASE("fault/net: a socket that says EAGAIN or was interrupted is tried again") {
  for (const char* call : {"send", "sendmsg", "sendfile"})
    for (int number : {EAGAIN, EINTR})
      for (int k = 1; k < 5; k++) {
        faults::Scope scope;
        Queue queue;
        std::string got;
        add_parts(queue, {7, 9, 11, 5, 1, 1, 2, 8});
        faults::fail(call, k, number);
        CHECK(queue.send_all(got) == 0);
        queue.bytes("the last");
        CHECK(queue.send_all(got) == 0);
        CHECK(got == queue.promised);
      }
}
