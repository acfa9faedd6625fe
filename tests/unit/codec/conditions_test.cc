#include "codec/conditions.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr int64_t kModified = 1704164645;  // Tue, 02 Jan 2024 03:04:05 GMT
constexpr int64_t kNow = kModified + 1000000;
constexpr Validators kCurrent = {"\"abc\"", kModified};
constexpr const char* kSame = "Tue, 02 Jan 2024 03:04:05 GMT";
constexpr const char* kLater = "Wed, 03 Jan 2024 00:00:00 GMT";
constexpr const char* kEarlier = "Mon, 01 Jan 2024 00:00:00 GMT";

struct Line {
  FieldId id;
  std::string value;
};

// A head with these fields, whose bytes end at an unreadable page.
struct Head {
  explicit Head(std::initializer_list<Line> lines, Method method = Method::get) : bytes(join(lines)) {
    head.base = bytes.view().data();
    head.method = method;
    head.first.fill(0);
    uint16_t at = 0;
    for (const Line& line : lines) {
      uint8_t& first = head.first[static_cast<size_t>(line.id)];
      if (!first) first = static_cast<uint8_t>(head.field_count + 1);
      head.fields[head.field_count++] = {0, 0, at, static_cast<uint16_t>(line.value.size()), line.id};
      at = static_cast<uint16_t>(at + line.value.size());
    }
  }

  static std::string join(std::initializer_list<Line> lines) {
    std::string all;
    for (const Line& line : lines) all += line.value;
    return all;
  }

  Guarded bytes;
  RequestHead head;
};

Precondition check(std::initializer_list<Line> lines, Method method = Method::get) {
  Head head(lines, method);
  CHECK(has_conditions(head.head) == (lines.size() > 0));
  return check_conditions(head.head, kCurrent, kNow);
}

bool applies(const char* if_range, Validators current = kCurrent) {
  Head head({{FieldId::if_range, if_range}});
  return range_applies(head.head, current, kNow);
}

constexpr Precondition kProceed = Precondition::proceed;
constexpr Precondition kNotModified = Precondition::not_modified;
constexpr Precondition kFailed = Precondition::failed;

}  // namespace

TEST_CASE("codec/conditions: If-None-Match") {
  struct { const char* value; Precondition outcome; } cases[] = {
      {"\"abc\"", kNotModified},
      {"W/\"abc\"", kNotModified},
      {"*", kNotModified},
      {" * ", kNotModified},
      {"\"x\", \"abc\", \"y\"", kNotModified},
      {"\"a,b\",\"abc\"", kNotModified},
      {",, \"abc\"", kNotModified},
      {"\"abcd\"", kProceed},
      {"\"ab\"", kProceed},
      {"abc", kProceed},
      {"\"abc", kProceed},
      {"", kProceed},
      {"w/\"abc\"", kProceed},
      {"\"x\" \"abc\"", kProceed},
      {"W/", kProceed},
      {"\"x\", *", kProceed},
      {"\"", kProceed},
  };
  for (auto& c : cases) {
    CAPTURE(c.value);
    CHECK(check({{FieldId::if_none_match, c.value}}) == c.outcome);
    CHECK(check({{FieldId::if_none_match, c.value}}, Method::head) == c.outcome);
  }
  CHECK(check({{FieldId::if_none_match, "\"abc\""}}, Method::put) == kFailed);
}

TEST_CASE("codec/conditions: two lines of a field are one list") {
  CHECK(check({{FieldId::if_none_match, "\"x\""}, {FieldId::if_none_match, "\"abc\""}}) == kNotModified);
  CHECK(check({{FieldId::if_match, "\"x\""}, {FieldId::if_match, "\"abc\""}}) == kProceed);
}

TEST_CASE("codec/conditions: If-Match compares strongly") {
  CHECK(check({{FieldId::if_match, "\"abc\""}}) == kProceed);
  CHECK(check({{FieldId::if_match, "*"}}) == kProceed);
  CHECK(check({{FieldId::if_match, "\"a\", \"abc\""}}) == kProceed);
  CHECK(check({{FieldId::if_match, "\"nope\""}}) == kFailed);
  CHECK(check({{FieldId::if_match, "W/\"abc\""}}) == kFailed);
  CHECK(check({{FieldId::if_match, "garbage"}}) == kFailed);
}

TEST_CASE("codec/conditions: dates") {
  CHECK(check({{FieldId::if_modified_since, kSame}}) == kNotModified);
  CHECK(check({{FieldId::if_modified_since, kLater}}) == kNotModified);
  CHECK(check({{FieldId::if_modified_since, kEarlier}}) == kProceed);
  CHECK(check({{FieldId::if_modified_since, "yesterday"}}) == kProceed);
  CHECK(check({{FieldId::if_modified_since, "Wednesday, 03-Jan-24 00:00:00 GMT"}}) == kNotModified);
  CHECK(check({{FieldId::if_modified_since, "Wed Jan  3 00:00:00 2024"}}) == kNotModified);
  CHECK(check({{FieldId::if_modified_since, kSame}}, Method::post) == kProceed);
  CHECK(check({{FieldId::if_unmodified_since, kSame}}) == kProceed);
  CHECK(check({{FieldId::if_unmodified_since, kLater}}) == kProceed);
  CHECK(check({{FieldId::if_unmodified_since, kEarlier}}) == kFailed);
  CHECK(check({{FieldId::if_unmodified_since, "garbage"}}) == kProceed);
}

TEST_CASE("codec/conditions: a tag wins over a date, and the strong checks come first") {
  CHECK(check({{FieldId::if_none_match, "\"x\""}, {FieldId::if_modified_since, kSame}}) == kProceed);
  CHECK(check({{FieldId::if_match, "\"abc\""}, {FieldId::if_unmodified_since, kEarlier}}) == kProceed);
  CHECK(check({{FieldId::if_match, "\"abc\""}, {FieldId::if_none_match, "\"abc\""}}) == kNotModified);
  CHECK(check({{FieldId::if_match, "\"x\""}, {FieldId::if_none_match, "\"abc\""}}) == kFailed);
  CHECK(check({{FieldId::if_unmodified_since, kEarlier}, {FieldId::if_modified_since, kSame}}) == kFailed);
}

TEST_CASE("codec/conditions: without a condition all proceeds") {
  CHECK(check({}) == kProceed);
}

TEST_CASE("codec/conditions: If-Range wants the very same state") {
  CHECK(range_applies(Head({}).head, kCurrent, kNow));
  CHECK(applies("\"abc\""));
  CHECK(applies(kSame));
  CHECK(!applies("\"nope\""));
  CHECK(!applies("W/\"abc\""));
  CHECK(!applies("\"abc\", \"abc\""));
  CHECK(!applies(kLater));
  CHECK(!applies(kEarlier));
  CHECK(!applies("xyz"));
  CHECK(!applies(""));
  CHECK(!applies("\"abc\"", {"W/\"abc\"", kModified}));
}

TEST_CASE("codec/conditions: a date of the current second is no strong validator") {
  Head head({{FieldId::if_range, kSame}});
  CHECK(!range_applies(head.head, kCurrent, kModified));
  CHECK(range_applies(head.head, kCurrent, kModified + 1));
}
