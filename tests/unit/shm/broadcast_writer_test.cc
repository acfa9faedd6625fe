#include "shm/broadcast_writer.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <string>

#include "broadcast_log.h"
#include "child.h"
#include "stepped_child.h"

using oklo::BroadcastMark;
using oklo::BroadcastReader;
using oklo::BroadcastRing;
using oklo::BroadcastWriter;

namespace {

std::string lettered(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; i++) text += static_cast<char>('a' + i % 26);
  return text;
}

}  // namespace

TEST_CASE("shm/broadcast_writer: writes kind, target and payload as they are") {
  BroadcastRing ring = BroadcastRing::create(4096).value();
  BroadcastReader reader(ring);
  BroadcastWriter writer(ring);
  std::string binary("\0\xff\n\0", 4);
  REQUIRE(writer.write(7, 0xfedc'ba98'7654'3210, binary));
  REQUIRE(writer.write(255, 0, ""));
  BroadcastLog log(reader);
  REQUIRE(log.messages.size() == 2);
  CHECK(log.messages[0].kind == 7);
  CHECK(log.messages[0].target == 0xfedc'ba98'7654'3210);
  CHECK(log.messages[0].payload == binary);
  CHECK(log.messages[1].kind == 255);
  CHECK(log.messages[1].target == 0);
  CHECK(log.messages[1].payload.empty());
  CHECK(log.laps == 0);
}

TEST_CASE("shm/broadcast_writer: a payload of every size at every place of the ring") {
  constexpr size_t kCapacity = 256;
  BroadcastRing ring = BroadcastRing::create(kCapacity).value();
  BroadcastReader reader(ring);
  BroadcastWriter writer(ring);
  for (size_t size = 0; size <= ring.payload_max(); size++) {
    std::string text = lettered(size);
    for (size_t place = 0; place < kCapacity; place += 8) {
      while (ring.published().value().position % kCapacity != place) {
        REQUIRE(writer.write(1, 1, ""));
        CHECK(BroadcastLog(reader).text() == "");
      }
      REQUIRE(writer.write(2, size, text));
      BroadcastLog log(reader);
      REQUIRE(log.messages.size() == 1);
      REQUIRE(log.laps == 0);
      REQUIRE(log.messages[0].kind == 2);
      REQUIRE(log.messages[0].target == size);
      REQUIRE(log.messages[0].payload == text);
    }
  }
}

TEST_CASE("shm/broadcast_writer: one byte too many is refused, and nothing has happened") {
  for (size_t capacity : {size_t{64}, size_t{256}, size_t{4096}}) {
    BroadcastRing ring = BroadcastRing::create(capacity).value();
    BroadcastReader reader(ring);
    BroadcastWriter writer(ring);
    REQUIRE(writer.write(1, 1, ""));
    CHECK(!writer.write(1, 1, lettered(ring.payload_max() + 1)));
    CHECK(!writer.begin(1, 1, SIZE_MAX));
    REQUIRE(writer.write(1, 1, lettered(ring.payload_max())));
    BroadcastLog log(reader);
    CHECK(log.missed_records == 0);
    CHECK(log.messages.size() == 2);
    CHECK(log.text() == lettered(ring.payload_max()));
  }
}

TEST_CASE("shm/broadcast_writer: pieces come together, cut at any place and byte by byte") {
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastReader reader(ring);
  BroadcastWriter writer(ring);
  std::string text = lettered(37);
  for (size_t first = 0; first <= text.size(); first++)
    for (size_t second = first; second <= text.size(); second++) {
      REQUIRE(writer.begin(3, 4, text.size()));
      writer.append(std::string_view(text).substr(0, first));
      writer.append(std::string_view(text).substr(first, second - first));
      writer.append(std::string_view(text).substr(second));
      CHECK(BroadcastLog(reader).messages.empty());  // Not before commit.
      writer.commit();
      REQUIRE(BroadcastLog(reader).text() == text);
    }
  REQUIRE(writer.begin(3, 4, text.size()));
  for (char byte : text) writer.append({&byte, 1});
  writer.commit();
  CHECK(BroadcastLog(reader).text() == text);
}

TEST_CASE("shm/broadcast_writer: to begin again drops what was begun") {
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastReader reader(ring);
  BroadcastWriter writer(ring);
  REQUIRE(writer.begin(1, 1, 13));
  writer.append("half of");
  REQUIRE(writer.write(1, 1, "whole"));
  BroadcastLog log(reader);
  CHECK(log.text() == "whole");
  CHECK(log.laps == 0);
}

TEST_CASE("shm/broadcast_writer: to append too much or to commit too little is a bug") {
  void (*bugs[])(BroadcastWriter&) = {
      [](BroadcastWriter& writer) { writer.append("1234"); },
      [](BroadcastWriter& writer) { writer.append("12"), writer.commit(); },
      [](BroadcastWriter& writer) { writer.append("123"), writer.commit(), writer.commit(); },
      [](BroadcastWriter& writer) { writer.append("123"), writer.commit(), writer.append(""); },
  };
  for (auto bug : bugs)
    CHECK(in_child([&] {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            BroadcastRing ring = BroadcastRing::create(256).value();
            BroadcastWriter writer(ring);
            if (writer.begin(1, 1, 3)) bug(writer);
            return 0;
          }) == 1000 + SIGABRT);
}

TEST_CASE("shm/broadcast_writer: a new writer goes on behind what the last one committed") {
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastReader reader(ring);
  std::string expected;
  for (int life = 0; life < 40; life++) {
    BroadcastWriter writer(ring);
    REQUIRE(writer.write(1, 1, std::to_string(life)));
    CHECK(BroadcastLog(reader).text() == std::to_string(life));
  }
  CHECK(ring.published().value().sequence == 40);
}

TEST_CASE("shm/broadcast_writer: what a killed writer had begun is never seen, and does no harm") {
  // It dies having overwritten much of the ring, and the next one writes little.
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastReader slow(ring);
  for (int i = 0; i < 8; i++) REQUIRE(BroadcastWriter(ring).write(1, 1, std::to_string(i)));
  BroadcastReader fast(ring);
  REQUIRE(in_child([&] {
            BroadcastWriter writer(ring);
            if (!writer.begin(9, 9, 64)) return 1;
            writer.append(lettered(60));
            raise(SIGKILL);
            return 0;
          }) == 1000 + SIGKILL);
  CHECK(BroadcastLog(fast).messages.empty());
  // 8 records of 32 bytes filled the ring, so 88 bytes more took three of them.
  BroadcastReader late(slow);
  BroadcastLog before(late);
  CHECK(before.text() == "3 4 5 6 7");
  CHECK(before.missed_records == 3);
  REQUIRE(BroadcastWriter(ring).write(1, 1, "next"));
  BroadcastLog after(slow);
  CHECK(after.text() == "3 4 5 6 7 next");
  CHECK(after.missed_records == 3);
  CHECK(after.missed_bytes == 96);
  CHECK(BroadcastLog(fast).text() == "next");
  CHECK(BroadcastLog(late).text() == "next");
}

TEST_CASE("shm/broadcast_writer: a writer killed before any store has written all or nothing") {
  BroadcastRing ring = BroadcastRing::create(256).value();
  BroadcastReader reader(ring);
  uint64_t number = 0;
  bool seen[2] = {};
  long steps = after_each_death(Step::store, [&] {
    BroadcastWriter writer(ring);
    if (writer.begin(1, number, 23)) {
      writer.append("as it was ");
      writer.append("to be written");
      writer.commit();
    }
  }, [&] {
    BroadcastLog log(reader);
    bool written = !log.messages.empty();
    seen[written] = true;
    CHECK(log.laps == 0);
    CHECK(log.messages.size() <= 1);
    if (written) CHECK(log.text() == "as it was to be written");
    REQUIRE(BroadcastWriter(ring).write(1, 1, std::to_string(++number)));
    CHECK(BroadcastLog(reader).text() == std::to_string(number));
  });
  if (steps > 0) CHECK((seen[0] && seen[1]));
}

TEST_CASE("shm/broadcast_writer: goes on in memory that a bug has written to") {
  // Heads and marks of all kinds of nonsense: the writer makes room without looking outside or for ever, and
  // what it writes is read by one who comes after that.
  const uint64_t kNonsense[] = {0, 1, 8, 255, 256, 1u << 31, UINT64_MAX, UINT64_MAX - 7, uint64_t{1} << 63};
  for (uint64_t a : kNonsense)
    for (uint64_t b : kNonsense)
      for (int what = 0; what < 4; what++) {
        BroadcastRing ring = BroadcastRing::create(256).value();
        BroadcastWriter first(ring);
        for (int i = 0; i < 20; i++) REQUIRE(first.write(1, 1, std::to_string(i)));
        if (what == 0) ring.oldest().set({a, b});
        if (what == 1) ring.published().set({a, b});
        const uint64_t words[] = {a, b, a ^ b, b, a, a + b};
        if (what >= 2)
          for (uint64_t at = 0; at < 256; at += 8)
            ring.store(at, reinterpret_cast<const char*>(&words[at / 8 % 6]), 8);
        BroadcastWriter next(ring);
        BroadcastWriter& writer = what == 3 ? first : next;
        BroadcastReader reader(ring);
        for (int i = 0; i < 20; i++) {
          REQUIRE(writer.write(1, 1, std::to_string(i)));
          CHECK(BroadcastLog(reader).text() == std::to_string(i));
        }
      }
}
