#include "shm/broadcast_reader.h"

#include <doctest/doctest.h>

#include <sched.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "broadcast_log.h"
#include "child.h"
#include "sanitized.h"
#include "shm/broadcast_writer.h"

using oklo::BroadcastMark;
using oklo::BroadcastMessage;
using oklo::BroadcastRead;
using oklo::BroadcastReader;
using oklo::BroadcastRing;
using oklo::BroadcastWriter;
using Outcome = oklo::BroadcastRead::Outcome;

namespace {

uint32_t next(uint32_t& random) { return (random = random * 1664525 + 1013904223) >> 8; }

// A payload of its own for each number, with a checksum: 12 to 51 bytes.
std::string numbered(uint64_t number) {
  std::string text(reinterpret_cast<const char*>(&number), sizeof number);
  text.append(static_cast<size_t>(number * 7 % 40), static_cast<char>(number));
  uint32_t sum = 0;
  for (char byte : text) sum = sum * 31 + static_cast<unsigned char>(byte);
  return text.append(reinterpret_cast<const char*>(&sum), sizeof sum);
}

constexpr uint8_t kLast = 200;

void write_numbered(const BroadcastRing& ring, uint64_t count) {
  BroadcastWriter writer(ring);
  bool written = true;
  for (uint64_t i = 0; i < count; i++) written &= writer.write(1, i, numbered(i));
  written &= writer.write(kLast, count, numbered(count));
  CHECK(written);
}

// Reads messages whose targets count up, and notes what is wrong.
struct Follower {
  BroadcastReader reader;
  BroadcastMessage message;
  uint64_t read = 0, missed = 0;
  std::string wrong;

  Outcome read_one() {
    BroadcastRead got = reader.read(message);
    missed += got.missed_records;
    if (got.outcome != Outcome::message) return got.outcome;
    if (message.target != read + missed) wrong = "out of order";
    if (message.payload != numbered(message.target)) wrong = "torn";
    read++;
    return got.outcome;
  }
};

// Reads until the last message; after each message it is idle for so many turns. What is wrong, or "".
std::string follow(BroadcastReader reader, uint64_t count, unsigned idle) {
  Follower follower{std::move(reader), {}, 0, 0, ""};
  while (follower.message.kind != kLast || follower.missed + follower.read == 0) {
    Outcome outcome = follower.read_one();
    if (outcome == Outcome::none) sched_yield();
    if (outcome == Outcome::message)
      for (unsigned i = 0; i < idle; i++) asm volatile("");
  }
  if (follower.read + follower.missed != count + 1) return "read and missed are not what was written";
  return follower.wrong;
}

}  // namespace

TEST_CASE("shm/broadcast_reader: reads what is written after it came, each at its own pace") {
  BroadcastRing ring = BroadcastRing::create(4096).value();
  BroadcastWriter writer(ring);
  BroadcastReader early(ring);
  BroadcastMessage message;
  CHECK(early.read(message).outcome == Outcome::none);
  REQUIRE(writer.write(1, 1, "one"));
  BroadcastReader late(ring);
  REQUIRE(writer.write(1, 1, "two"));
  CHECK(BroadcastLog(late).text() == "two");
  CHECK(BroadcastLog(early).text() == "one two");
  CHECK(BroadcastLog(early).text() == "");
}

TEST_CASE(
    "shm/broadcast_reader: one that is lapped goes on with the oldest record and knows what it missed") {
  // 8 records of 32 bytes fill the ring.
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastWriter writer(ring);
  for (uint64_t count = 0; count < 40; count++) {
    BroadcastReader reader(ring);
    for (uint64_t i = 0; i < count; i++) REQUIRE(writer.write(1, 1, std::to_string(i)));
    std::string kept;
    for (uint64_t i = count < 8 ? 0 : count - 8; i < count; i++)
      kept.append(kept.empty() ? "" : " ").append(std::to_string(i));
    BroadcastLog log(reader);
    CHECK(log.text() == kept);
    CHECK(log.laps == (count > 8));
    CHECK(log.missed_records == (count < 8 ? 0 : count - 8));
    CHECK(log.missed_bytes == 32 * log.missed_records);
  }
}

TEST_CASE("shm/broadcast_reader: when everything was overwritten nothing is left to read") {
  BroadcastRing ring = BroadcastRing::create(64).value();
  BroadcastReader reader(ring);
  BroadcastWriter writer(ring);
  REQUIRE(writer.write(1, 1, "0123456789abcdef"));
  REQUIRE(writer.begin(1, 2, 16));  // The ring has no room for two of these.
  BroadcastLog log(reader);
  CHECK(log.messages.empty());
  CHECK(log.missed_records == 1);
  CHECK(log.missed_bytes == 40);
  writer.append("fedcba9876543210");
  writer.commit();
  CHECK(BroadcastLog(reader).text() == "fedcba9876543210");
}

TEST_CASE("shm/broadcast_reader: random sizes, a reader that comes now and then misses what it says") {
  uint32_t random = 5;
  for (size_t capacity : {size_t{64}, size_t{512}, size_t{4096}}) {
    BroadcastRing ring = BroadcastRing::create(capacity).value();
    BroadcastReader reader(ring);
    BroadcastWriter writer(ring);
    uint64_t written = 0, bytes = 0, expected = 0;
    for (int round = 0; round < 2000; round++) {
      for (size_t i = next(random) % (capacity / 20); i > 0; i--) {
        std::string payload(next(random) % (ring.payload_max() + 1), static_cast<char>(written));
        REQUIRE(writer.write(1, written++, payload));
        bytes += BroadcastRing::record_bytes(payload.size());
      }
      BroadcastLog log(reader);
      uint64_t first = expected + log.missed_records;
      uint64_t left = log.missed_bytes;
      for (const BroadcastMessage& message : log.messages) {
        REQUIRE(message.target == first++);
        REQUIRE(message.payload == std::string(message.payload.size(), static_cast<char>(message.target)));
        left += BroadcastRing::record_bytes(message.payload.size());
      }
      REQUIRE(first == written);
      REQUIRE(left == bytes);
      // As much was there to read as fits beside the record that was written last.
      uint64_t longest = BroadcastRing::record_bytes(ring.payload_max());
      if (log.laps > 0) REQUIRE(left - log.missed_bytes + longest > capacity);
      expected = written;
      bytes = 0;
    }
  }
}

TEST_CASE("shm/broadcast_reader: a damaged head is left out with what follows, and reading goes on") {
  BroadcastRing ring = BroadcastRing::create(1024).value();
  BroadcastWriter writer(ring);
  BroadcastReader start(ring);
  for (int i = 0; i < 5; i++) REQUIRE(writer.write(1, 1, std::to_string(i)));
  uint64_t behind = 3;
  for (uint64_t bad : {uint64_t{0}, uint64_t{77}, UINT64_MAX}) {
    BroadcastReader reader(start);
    std::string saved(32, ' ');
    ring.load(64, saved.data(), saved.size());
    ring.store(64, reinterpret_cast<const char*>(&bad), sizeof bad);  // the sequence of the third
    BroadcastLog log(reader);
    CHECK(log.text() == "0 1");
    CHECK(log.missed_records == behind);
    CHECK(log.missed_bytes == 32 * behind++);
    REQUIRE(writer.write(1, 1, "on"));
    CHECK(BroadcastLog(reader).text() == "on");
    ring.store(64, saved.data(), saved.size());
  }
}

TEST_CASE("shm/broadcast_reader: no nonsense in the memory holds it or takes it outside") {
  uint32_t random = 1;
  const uint64_t kNonsense[] = {0, 1, 7, 255, 1u << 31, UINT64_MAX, UINT64_MAX - 7, uint64_t{1} << 63};
  for (int round = 0; round < 20'000; round++) {
    BroadcastRing ring = BroadcastRing::create(64).value();
    BroadcastReader reader(ring);
    BroadcastWriter writer(ring);
    auto nonsense = [&] { return kNonsense[next(random) % 8] + next(random) % 3 * 8; };
    for (int step = 0; step < 8; step++) {
      if (next(random) % 2) REQUIRE(writer.write(1, 1, "text"));
      uint64_t word = nonsense();
      if (next(random) % 4 == 0) ring.published().set({nonsense(), nonsense()});
      if (next(random) % 4 == 0) ring.oldest().set({nonsense(), nonsense()});
      if (next(random) % 2) ring.store(next(random) % 8 * 8, reinterpret_cast<const char*>(&word), 8);
      BroadcastMessage message;
      for (int i = 0; i < 3; i++)
        if (reader.read(message).outcome == Outcome::message)
          CHECK(message.payload.size() <= ring.payload_max());
    }
    // When the writer has set the marks right, so has the reader, after one lap at most.
    REQUIRE(writer.write(1, 1, "good"));
    BroadcastMessage message;
    for (int i = 0; i < 3; i++) (void)reader.read(message);
    REQUIRE(writer.write(1, 1, "again"));
    BroadcastRead got = reader.read(message);
    for (int i = 0; i < 3 && got.outcome == Outcome::lapped; i++) got = reader.read(message);
    REQUIRE(got.outcome == Outcome::message);
    REQUIRE(message.payload == "again");
  }
}

TEST_CASE(
    "shm/broadcast_reader: processes read a million messages whole and in order while they are written") {
  constexpr uint64_t kCount = kSanitized ? 200'000 : 1'000'000;
  BroadcastRing ring = BroadcastRing::create(1 << 14).value();
  std::vector<pid_t> children;
  BroadcastReader start(ring);
  for (unsigned idle : {0u, 0u, 3000u}) {
    pid_t pid = fork();
    if (pid > 0) children.push_back(pid);
    if (pid != 0) continue;
    std::string wrong = follow(start, kCount, idle);
    if (!wrong.empty()) fprintf(stderr, "reader: %s\n", wrong.c_str());
    _exit(wrong.empty() ? 0 : 1);
  }
  write_numbered(ring, kCount);
  for (pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
}

TEST_CASE("shm/broadcast_reader: writers are killed and replaced while others read") {
  BroadcastRing ring = BroadcastRing::create(1 << 12).value();
  Follower follower{BroadcastReader(ring), {}, 0, 0, ""};
  uint32_t random = 3;
  for (int life = 0; life < (kSanitized ? 20 : 200); life++) {
    pid_t writer = fork();
    if (writer == 0) {
      BroadcastWriter own(ring);
      for (uint64_t i = ring.published().value().sequence;; i++)
        if (!own.write(1, i, numbered(i))) _exit(1);
    }
    uint64_t until = ring.published().value().sequence + next(random) % 300;
    while (ring.published().value().sequence <= until) follower.read_one();
    kill(writer, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(writer, &status, 0) == writer);
    CHECK(WIFSIGNALED(status));
  }
  while (follower.read_one() != Outcome::none) {}
  CHECK(follower.wrong == "");
  CHECK(follower.read + follower.missed == ring.published().value().sequence);
}

TEST_CASE("shm/broadcast_reader: threads read while another one writes") {
  constexpr uint64_t kCount = 100'000;
  BroadcastRing ring = BroadcastRing::create(1 << 12).value();
  BroadcastReader start(ring);
  std::string wrong[3];
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < 3; i++)
    readers.emplace_back([&, i] { wrong[i] = follow(start, kCount, 500 * i); });
  write_numbered(ring, kCount);
  for (std::thread& reader : readers) reader.join();
  for (const std::string& each : wrong) CHECK(each == "");
}
