#include "net/wire.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sys/passing.h"
#include "turns.h"

using namespace oklo;
using codec::WireRecord;

namespace {

struct Seen {
  WireRecord record;
  std::string bytes;
  std::string file;  // what it holds
};

std::string content_of(const sys::Fd& file) {
  char bytes[64];
  long size = file ? pread(file.get(), bytes, sizeof bytes, 0) : 0;
  return {bytes, static_cast<size_t>(size)};
}

sys::Fd file_with(std::string_view text) {
  sys::Fd file(memfd_create("test", MFD_CLOEXEC));
  REQUIRE(write(file.get(), text.data(), text.size()) == static_cast<long>(text.size()));
  return file;
}

// Both ends of one wire on one Reactor.
struct Pair : Turns {
  explicit Pair(int send_buffer = 0) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    near_fd.reset(ends[0]);
    far_fd.reset(ends[1]);
    if (send_buffer)
      REQUIRE(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) == 0);
    near.emplace(*reactor, near_fd.get(), 11, buffer, Wire::Events{.on_room = [this] { rooms++; }});
    REQUIRE(near->start());
    open_far();
  }
  // As the next process of a slot does.
  void open_far() {
    far.emplace(*reactor, far_fd.get(), 22, buffer,
                Wire::Events{.on_unit = [this](uint32_t writer, uint32_t number) {
                                   CHECK(writer == 11);
                                   units.push_back(number);
                                 },
                             .on_record =
                                 [this](const WireRecord& record, sys::Fd file) {
                                   seen.push_back({record, std::string(record.bytes), content_of(file)});
                                 },
                             .on_broken =
                                 [this](uint32_t writer) {
                                   broken++;
                                   broken_by = writer;
                                 }});
    REQUIRE(far->start());
    far->read(true);
  }
  uint32_t send(uint8_t type, std::string_view bytes) {
    near->put({.type = type, .bytes = bytes});
    return near->commit();
  }

  std::vector<char> buffer = std::vector<char>(Wire::kDatagramBytes);
  sys::Fd near_fd, far_fd;
  std::optional<Wire> near, far;
  std::vector<Seen> seen;
  std::vector<uint32_t> units;
  int broken = 0;
  uint32_t broken_by = 0;
  int rooms = 0;
};

}  // namespace

TEST_CASE("what is committed in one turn comes as one unit") {
  Pair pair;
  uint32_t first = pair.send(1, "one");
  uint32_t second = pair.send(2, "two");
  CHECK(first == second);
  pair.turn_until([&] { return pair.seen.size() == 2; });
  CHECK(pair.units == std::vector<uint32_t>{first});
  CHECK(pair.seen[0].record.type == 1);
  CHECK(pair.seen[0].bytes == "one");
  CHECK(pair.seen[1].record.type == 2);
  CHECK(pair.seen[1].bytes == "two");
  uint32_t third = pair.send(3, "");
  CHECK(third == first + 1);
  pair.turn_until([&] { return pair.seen.size() == 3; });
  CHECK(pair.units.back() == third);
}

// As HTTP answers are, which leave when their connections are flushed.
TEST_CASE("what several say while they are flushed comes as one unit") {
  struct Speaker final : EventHandler {
    explicit Speaker(Pair& to) : pair(to) { pair.reactor->mark_dirty(*this); }
    void on_event(uint32_t) override {}
    void on_flush() override { pair.send(1, "said"); }
    Pair& pair;
  };
  Pair pair;
  Speaker first(pair), second(pair), third(pair);
  pair.turn_until([&] { return pair.seen.size() == 3; });
  CHECK(pair.units.size() == 1);
}

TEST_CASE("what was not committed stays until it is") {
  Pair pair;
  pair.send(1, "whole");
  pair.near->put({.type = 2, .bytes = "half"});
  pair.turn_until([&] { return pair.seen.size() == 1; });
  pair.turn();
  CHECK(pair.seen.size() == 1);
  pair.near->put({.type = 3, .bytes = "other half"});
  pair.near->commit();
  pair.turn_until([&] { return pair.seen.size() == 3; });
  CHECK(pair.seen[1].bytes == "half");
  CHECK(pair.seen[2].bytes == "other half");
  CHECK(pair.units.size() == 2);
}

TEST_CASE("records of any size arrive, in order") {
  Pair pair;
  std::vector<size_t> sizes = {0, 1, 100, Wire::kDatagramBytes - 50, Wire::kDatagramBytes,
                               3 * Wire::kDatagramBytes, 1 << 20, 5};
  for (size_t i = 0; i < sizes.size(); i++)
    pair.send(static_cast<uint8_t>(i), std::string(sizes[i], static_cast<char>('a' + i)));
  pair.turn_until([&] { return pair.seen.size() == sizes.size(); });
  for (size_t i = 0; i < sizes.size(); i++) {
    CHECK(pair.seen[i].record.type == i);
    CHECK(pair.seen[i].bytes == std::string(sizes[i], static_cast<char>('a' + i)));
  }
  CHECK(pair.broken == 0);
}

TEST_CASE("many small records fill datagrams, and a group is never torn") {
  Pair pair;
  std::vector<uint32_t> expected;
  std::string text(600, 'x');
  for (uint32_t i = 0; i < 300; i++) {
    pair.near->put({.type = 1, .number = i, .bytes = text});
    pair.near->put({.type = 2, .number = i, .bytes = text});
    uint32_t unit = pair.near->commit();
    if (expected.empty() || expected.back() != unit) expected.push_back(unit);
  }
  pair.turn_until([&] { return pair.seen.size() == 600; });
  CHECK(expected.size() > 8);
  CHECK(pair.units == expected);
  for (uint32_t i = 0; i < 600; i++) CHECK(pair.seen[i].record.number == i / 2);
}

TEST_CASE("files come with their records, also in a unit of many parts") {
  Pair pair;
  pair.near->put({.type = 1, .bytes = "first"}, file_with("one"));
  pair.near->put({.type = 2, .bytes = std::string(100'000, 'x')});
  pair.near->put({.type = 3, .bytes = "third"}, file_with("three"));
  pair.near->commit();
  pair.near->put({.type = 4, .bytes = ""}, file_with("four"));
  pair.near->commit();
  pair.turn_until([&] { return pair.seen.size() == 4; });
  CHECK(pair.seen[0].file == "one");
  CHECK(pair.seen[1].file.empty());
  CHECK(pair.seen[2].file == "three");
  CHECK(pair.seen[3].file == "four");
}

TEST_CASE("more files than go with one datagram travel in several units") {
  Pair pair;
  for (int i = 0; i < 150; i++) {
    pair.near->put({.type = 1}, file_with(std::to_string(i)));
    pair.near->commit();
  }
  pair.turn_until([&] { return pair.seen.size() == 150; });
  for (int i = 0; i < 150; i++) CHECK(pair.seen[static_cast<size_t>(i)].file == std::to_string(i));
  CHECK(pair.units.size() == 3);
}

TEST_CASE("what is not read waits, and says when it has left") {
  Pair pair(1 << 16);
  pair.far->read(false);
  std::string text(20'000, 'x');
  int sent = 0;
  for (; !pair.near->full(); sent++) {
    pair.send(1, text);
    pair.turn();
  }
  pair.send(2, "last");
  pair.turn();
  CHECK(pair.near->waiting_bytes() > text.size());
  CHECK(pair.rooms == 0);
  pair.far->read(true);
  pair.turn_until([&] { return pair.seen.size() == static_cast<size_t>(sent) + 1; });
  pair.turn_until([&] { return pair.rooms == 1; });
  CHECK(pair.seen.back().bytes == "last");
  CHECK(pair.near->waiting_bytes() == 0);
}

TEST_CASE("that what waited has left is said also when it left with what was put behind it") {
  Pair pair(1 << 16);
  pair.far->read(false);
  while (!pair.near->full()) {
    pair.send(1, std::string(20'000, 'x'));
    pair.turn();
  }
  char part[Wire::kDatagramBytes];
  while (recv(pair.far_fd.get(), part, sizeof part, MSG_DONTWAIT) > 0) {}
  pair.send(2, "behind");
  pair.near->flush();
  CHECK_FALSE(pair.near->full());
  CHECK(pair.rooms == 0);
  pair.turn_until([&] { return pair.rooms == 1; });
}

TEST_CASE("who reads on does so from the next whole unit") {
  Pair pair(1 << 16);
  pair.far->read(false);
  uint32_t big = pair.send(1, std::string(1 << 20, 'x'));
  uint32_t small = pair.send(2, "small");
  CHECK(small == big + 1);
  pair.turn();
  char part[Wire::kDatagramBytes];
  REQUIRE(recv(pair.far_fd.get(), part, sizeof part, 0) > 0);
  pair.far.reset();
  pair.open_far();
  pair.turn_until([&] { return !pair.seen.empty(); });
  CHECK(pair.units == std::vector<uint32_t>{small});
  CHECK(pair.seen[0].bytes == "small");
  CHECK(pair.broken == 0);
}

TEST_CASE("what waits is read at once when it is asked for") {
  Pair pair;
  pair.far->read(false);
  for (int i = 0; i < 5; i++) {
    pair.send(1, std::string(30'000, 'x'));
    pair.near->flush();
  }
  pair.far->read(true);
  pair.far->read_all();
  CHECK(pair.seen.size() == 5);
  pair.turn();
}

TEST_CASE("what no wire sends is refused, and the next unit is read") {
  Pair pair;
  auto inject = [&](std::string_view bytes) {
    REQUIRE(send(pair.near_fd.get(), bytes.data(), bytes.size(), 0) == static_cast<long>(bytes.size()));
  };
  inject("");
  inject("short");
  inject(std::string(Wire::kDatagramBytes + 1, 'x'));
  std::string unit;
  codec::append_wire_record(unit, {.type = 1, .bytes = "cut"});
  char head[codec::kWirePartHeadBytes];
  codec::write_wire_part(head, {11, 9, static_cast<uint32_t>(unit.size()) - 1, 0});
  inject(std::string(head, sizeof head) + unit.substr(0, unit.size() - 1));
  pair.turn_until([&] { return pair.broken == 4; });
  CHECK(pair.seen.empty());
  pair.send(1, "fine");
  pair.turn_until([&] { return pair.seen.size() == 1; });
  CHECK(pair.broken == 4);
}

TEST_CASE("nobody is blamed for an empty datagram, and who has sent one that is too long for that") {
  Pair pair;
  pair.send(1, "fine");
  pair.turn_until([&] { return pair.seen.size() == 1; });
  pair.broken_by = 99;
  REQUIRE(send(pair.near_fd.get(), "", 0, 0) == 0);
  pair.turn_until([&] { return pair.broken == 1; });
  CHECK(pair.broken_by == 0);
  char head[codec::kWirePartHeadBytes];
  codec::write_wire_part(head, {33, 9, Wire::kDatagramBytes, 0});
  std::string bytes = std::string(head, sizeof head) + std::string(Wire::kDatagramBytes, 'x');
  REQUIRE(send(pair.near_fd.get(), bytes.data(), bytes.size(), 0) == static_cast<long>(bytes.size()));
  pair.turn_until([&] { return pair.broken == 2; });
  CHECK(pair.broken_by == 33);
}

TEST_CASE("a record whose file could not be had comes without it") {
  Pair pair;
  std::string unit;
  codec::append_wire_record(unit, {.type = 1, .flags = Wire::kHasFile, .bytes = "no file"});
  char head[codec::kWirePartHeadBytes];
  codec::write_wire_part(head, {11, 9, static_cast<uint32_t>(unit.size()), 0});
  std::string bytes = std::string(head, sizeof head) + unit;
  REQUIRE(send(pair.near_fd.get(), bytes.data(), bytes.size(), 0) == static_cast<long>(bytes.size()));
  pair.turn_until([&] { return pair.seen.size() == 1; });
  CHECK(pair.seen[0].bytes == "no file");
  CHECK(pair.seen[0].file.empty());
  CHECK(pair.broken == 0);
}

TEST_CASE("more files than go with one datagram arrive with what they were committed with") {
  Pair pair;
  for (int i = 0; i < 200; i++) pair.near->put({.type = 1}, file_with(std::to_string(i)));
  pair.near->commit();
  pair.near->put({.type = 2}, file_with("next"));
  pair.near->commit();
  pair.turn_until([&] { return pair.seen.size() == 201; });
  for (int i = 0; i < 200; i++) CHECK(pair.seen[static_cast<size_t>(i)].file == std::to_string(i));
  CHECK(pair.seen.back().file == "next");
  CHECK(pair.units.size() == 2);
  CHECK(pair.broken == 0);
}

TEST_CASE("files of a unit that never came whole are not those of the next") {
  Pair pair;
  pair.far->read(false);
  for (int i = 0; i < 100; i++) pair.near->put({.type = 1}, file_with("old"));
  pair.near->commit();
  pair.near->flush();
  pair.far->read(true);
  CHECK_FALSE(pair.far->in_unit());
  pair.turn();
  CHECK(pair.far->in_unit());
  char rest[Wire::kDatagramBytes];
  REQUIRE(recv(pair.far_fd.get(), rest, sizeof rest, 0) > 0);  // its last part is lost
  pair.near->put({.type = 2}, file_with("new"));
  pair.near->commit();
  pair.turn_until([&] { return !pair.seen.empty(); });
  CHECK(pair.seen.size() == 1);
  CHECK(pair.seen[0].file == "new");
  CHECK_FALSE(pair.far->in_unit());
}

namespace {

// A unit with one record, in that many parts.
std::vector<std::string> parts_of(uint32_t writer, std::string_view bytes, size_t count) {
  std::string unit;
  codec::append_wire_record(unit, {.type = 1, .flags = Wire::kHasFile, .bytes = bytes});
  std::vector<std::string> parts;
  size_t step = unit.size() / count + 1;
  for (size_t at = 0; at < unit.size(); at += step) {
    char head[codec::kWirePartHeadBytes];
    codec::write_wire_part(head, {writer, 7, static_cast<uint32_t>(unit.size()), static_cast<uint32_t>(at)});
    parts.push_back(std::string(head, sizeof head) + unit.substr(at, step));
  }
  return parts;
}

// Receives from several, and keeps what each of them has said, and what its file holds.
struct Several : Pair {
  explicit Several(Wire::Writers others = Wire::Writers::several) {
    far.reset();
    Wire::Events events;
    events.on_unit = [this](uint32_t of, uint32_t) { writer = of; };
    events.on_record = [this](const WireRecord& record, sys::Fd file) {
      said[writer] = std::string(record.bytes) + ":" + content_of(file);
    };
    events.on_broken = [this](uint32_t) { broken++; };
    far.emplace(*reactor, far_fd.get(), 22, buffer, std::move(events), others);
    REQUIRE(far->start());
    far->read(true);
  }
  void inject(const std::string& datagram, std::string_view content = {}) {
    std::vector<sys::Fd> files;
    if (!content.empty()) files.push_back(file_with(content));
    REQUIRE(sys::send_with_fds(near_fd.get(), datagram, {}, files) >= 0);
    far->read_all();
  }

  uint32_t writer = 0;
  std::map<uint32_t, std::string> said;
};

}  // namespace

TEST_CASE("units of several writers come whole, however their parts come between each other") {
  std::vector<std::string> one = parts_of(11, "the first", 3), two = parts_of(33, "the other", 3);
  for (unsigned order = 0; order < 1u << 6; order++) {
    Several several;
    size_t at[2] = {};
    for (unsigned i = 0; i < 6; i++) {
      unsigned who = order >> i & 1;
      if (at[who] == 3) who = !who;
      size_t part = at[who]++;
      several.inject((who ? two : one)[part], part < 2 ? "" : who ? "b" : "a");
    }
    CHECK(several.said == std::map<uint32_t, std::string>{{11, "the first:a"}, {33, "the other:b"}});
    CHECK_FALSE(several.far->in_unit());
    CHECK(several.broken == 0);
  }
}

TEST_CASE("what has come of a unit goes with its writer, and of too many the oldest") {
  Several several;
  std::vector<std::string> parts = parts_of(11, "cut", 2);
  several.inject(parts[0]);
  CHECK(several.far->in_unit());
  several.far->forget(11);
  CHECK_FALSE(several.far->in_unit());
  for (uint32_t writer = 1; writer <= Wire::kWritersMax + 1; writer++)
    several.inject(parts_of(writer, "many", 2)[0]);
  for (uint32_t writer = 1; writer <= Wire::kWritersMax + 1; writer++)
    several.inject(parts_of(writer, "many", 2)[1]);
  CHECK(several.said.size() == Wire::kWritersMax);
  CHECK(several.said.count(1) == 0);
  CHECK(several.broken == 0);
}

TEST_CASE("where one speaks at a time, the next one ends what the one before had begun") {
  Several several(Wire::Writers::one);
  several.inject(parts_of(11, "cut", 2)[0]);
  CHECK(several.far->in_unit());
  several.inject(parts_of(33, "whole", 1)[0], "c");
  CHECK_FALSE(several.far->in_unit());
  CHECK(several.said == std::map<uint32_t, std::string>{{33, "whole:c"}});
}
