#include "codec/wire_unit.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../guarded.h"

using namespace oklo::codec;
using Outcome = WireUnits::Outcome;

namespace {

std::string datagram(const WirePart& part, std::string_view bytes) {
  char head[kWirePartHeadBytes];
  std::string made(head, write_wire_part(head, part));
  return made.append(bytes);
}

// A unit as datagrams of at most `step` bytes behind the head.
std::vector<std::string> parts_of(uint32_t number, std::string_view unit, size_t step) {
  std::vector<std::string> made;
  for (size_t at = 0; at < unit.size(); at += step)
    made.push_back(datagram({1, number, static_cast<uint32_t>(unit.size()), static_cast<uint32_t>(at)},
                            unit.substr(at, step)));
  return made;
}

Outcome feed(WireUnits& units, const std::string& bytes) { return units.feed(Guarded(bytes).view()).outcome; }

}  // namespace

TEST_CASE("records come back as they went in") {
  std::string unit;
  append_wire_record(unit, {3, 7, 0x1234, 99, 0x0102030405060708, "hello"});
  append_wire_record(unit, {4, 255, 0xffff, UINT32_MAX, UINT64_MAX, ""});
  append_wire_record(unit, {0, 0, 0, 0, 0, std::string(100'000, 'x')});
  Guarded bytes(unit);
  std::string_view rest = bytes.view();
  WireRecord record;
  REQUIRE(read_wire_record(rest, record) == WireRead::record);
  CHECK(record.type == 3);
  CHECK(record.listener == 7);
  CHECK(record.flags == 0x1234);
  CHECK(record.number == 99);
  CHECK(record.connection == 0x0102030405060708);
  CHECK(record.bytes == "hello");
  REQUIRE(read_wire_record(rest, record) == WireRead::record);
  CHECK(record.listener == 255);
  CHECK(record.connection == UINT64_MAX);
  CHECK(record.bytes.empty());
  REQUIRE(read_wire_record(rest, record) == WireRead::record);
  CHECK(record.bytes == std::string(100'000, 'x'));
  CHECK(read_wire_record(rest, record) == WireRead::end);
}

TEST_CASE("a unit that is cut anywhere but between records is broken") {
  std::string unit;
  append_wire_record(unit, {1, 0, 0, 0, 0, "abc"});
  size_t first = unit.size();
  append_wire_record(unit, {2, 0, 0, 0, 0, "defg"});
  for (size_t size = 0; size <= unit.size(); size++) {
    Guarded cut(std::string_view(unit).substr(0, size));
    std::string_view rest = cut.view();
    WireRecord record;
    WireRead last = WireRead::record;
    while (last == WireRead::record) last = read_wire_record(rest, record);
    bool between = size == 0 || size == first || size == unit.size();
    CHECK(last == (between ? WireRead::end : WireRead::broken));
  }
}

TEST_CASE("a record that claims more bytes than the unit has is broken") {
  std::string unit;
  append_wire_record(unit, {1, 0, 0, 0, 0, "abc"});
  unit[16] = 4;  // the low byte of its size, little endian
  if (std::string_view(unit.data() + 17, 3) != std::string_view("\0\0\0", 3)) return;  // big endian
  std::string_view rest = unit;
  WireRecord record;
  CHECK(read_wire_record(rest, record) == WireRead::broken);
}

TEST_CASE("a unit comes whole, byte by byte, and in two parts cut at each place") {
  std::string unit;
  append_wire_record(unit, {1, 2, 3, 4, 5, "some bytes"});
  for (size_t step = 1; step <= unit.size(); step++) {
    WireUnits units(1000);
    std::vector<std::string> parts = parts_of(7, unit, step);
    for (size_t i = 0; i + 1 < parts.size(); i++) CHECK(feed(units, parts[i]) == Outcome::more);
    Guarded last(parts.back());
    WireUnits::Fed fed = units.feed(last.view());
    CHECK(fed.outcome == Outcome::unit);
    CHECK(fed.writer == 1);
    CHECK(fed.number == 7);
    CHECK(fed.unit == unit);
  }
  for (uint32_t cut = 1; cut < unit.size(); cut++) {
    WireUnits units(1000);
    uint32_t size = static_cast<uint32_t>(unit.size());
    Guarded last(datagram({1, 7, size, cut}, std::string_view(unit).substr(cut)));
    CHECK(feed(units, datagram({1, 7, size, 0}, std::string_view(unit).substr(0, cut))) == Outcome::more);
    CHECK(units.feed(last.view()).unit == unit);
  }
}

TEST_CASE("units follow each other") {
  WireUnits units(1000);
  for (uint32_t number : {1u, 2u, UINT32_MAX, 0u}) {
    std::string unit(50, static_cast<char>('a' + number % 3));
    std::vector<std::string> parts = parts_of(number, unit, 20);
    CHECK(feed(units, parts[0]) == Outcome::more);
    CHECK(feed(units, parts[1]) == Outcome::more);
    WireUnits::Fed fed = units.feed(parts[2]);
    CHECK(fed.outcome == Outcome::unit);
    CHECK(fed.unit == unit);
  }
}

TEST_CASE("the rest of a unit that another began to read is thrown away") {
  WireUnits units(1000);
  std::vector<std::string> parts = parts_of(7, std::string(60, 'x'), 20);
  CHECK(feed(units, parts[1]) == Outcome::rest);
  CHECK(feed(units, parts[2]) == Outcome::rest);
  CHECK(feed(units, datagram({1, 8, 3, 0}, "abc")) == Outcome::unit);
  CHECK(feed(units, parts[2]) == Outcome::rest);
}

TEST_CASE("a unit whose writer died is given up when the next one begins") {
  WireUnits units(1000);
  CHECK(feed(units, parts_of(7, std::string(60, 'x'), 20)[0]) == Outcome::more);
  WireUnits::Fed fed = units.feed(datagram({1, 8, 3, 0}, "abc"));
  CHECK(fed.outcome == Outcome::unit);
  CHECK(fed.number == 8);
  CHECK(feed(units, parts_of(7, std::string(60, 'x'), 20)[1]) == Outcome::rest);
}

TEST_CASE("two writers may have the same number for their units") {
  WireUnits units(1000);
  CHECK(feed(units, datagram({1, 7, 6, 0}, "abc")) == Outcome::more);
  CHECK(feed(units, datagram({2, 7, 6, 3}, "xyz")) == Outcome::rest);
  CHECK(feed(units, datagram({2, 7, 6, 0}, "uvw")) == Outcome::more);
  WireUnits::Fed fed = units.feed(datagram({2, 7, 6, 3}, "xyz"));
  CHECK(fed.outcome == Outcome::unit);
  CHECK(fed.writer == 2);
  CHECK(fed.unit == "uvwxyz");
}

TEST_CASE("what no writer of ours sends is broken") {
  auto outcome = [](const std::string& bytes) {
    WireUnits units(100);
    return feed(units, bytes);
  };
  CHECK(outcome("") == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 1, 0}, "x").substr(0, kWirePartHeadBytes - 1)) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 0, 0}, "")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 5, 0}, "")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 2, 0}, "abc")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 3, 3}, "abc")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 4, 2}, "abc")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 4, UINT32_MAX}, "abc")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 101, 0}, "abc")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, UINT32_MAX, 0}, "abc")) == Outcome::broken);
  CHECK(outcome(datagram({1, 1, 100, 0}, "abc")) == Outcome::more);
}

TEST_CASE("a part that does not follow the one before is broken") {
  std::vector<std::string> parts = parts_of(7, std::string(60, 'x'), 20);
  WireUnits skipped(1000);
  feed(skipped, parts[0]);
  CHECK(feed(skipped, parts[2]) == Outcome::broken);
  WireUnits other_size(1000);
  feed(other_size, parts[0]);
  CHECK(feed(other_size, datagram({1, 7, 61, 20}, "x")) == Outcome::broken);
}

TEST_CASE("a unit that was used leaves no memory behind") {
  WireUnits units(100'000);
  size_t none = units.kept_bytes();
  for (const std::string& part : parts_of(7, std::string(60'000, 'x'), 20'000)) feed(units, part);
  CHECK(units.kept_bytes() >= 60'000);
  units.forget();
  CHECK(units.kept_bytes() == none);
  CHECK_FALSE(units.under_way());
  CHECK(feed(units, datagram({1, 8, 3, 0}, "abc")) == Outcome::unit);
}
