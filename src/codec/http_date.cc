#include "codec/http_date.h"

#include <algorithm>

#include "base/ascii.h"

namespace oklo::codec {
namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr int64_t kTimeMax = 253402300799;  // the last second of 9999

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct Date {
  int year = 0;
  int month = 0;  // from 1
  int day = 0;
};

// Days from 0000-03-01 to the first of March of `year`: years begin with March here, so that the day of a
// leap year comes last.
constexpr int64_t days_before(int64_t year) { return year * 365 + year / 4 - year / 100 + year / 400; }

constexpr int64_t kEpoch = days_before(1969) + 306;  // 1970-01-01

// Days since 1970.
constexpr int64_t days_of(const Date& date) {
  int month = (date.month + 9) % 12;
  int year = date.month <= 2 ? date.year - 1 : date.year;
  return days_before(year) + (month * 153 + 2) / 5 + date.day - 1 - kEpoch;
}

constexpr Date date_of(int64_t days) {
  int64_t count = days + kEpoch;
  int64_t year = (count * 400 + 591) / 146097;
  if (days_before(year) > count) year--;
  int rest = static_cast<int>(count - days_before(year));
  int month = (rest * 5 + 2) / 153;
  int day = rest - (month * 153 + 2) / 5 + 1;
  return {static_cast<int>(month < 10 ? year : year + 1), month < 10 ? month + 3 : month - 9, day};
}

static_assert(days_of({1970, 1, 1}) == 0 && days_of({2000, 2, 29}) == 11016);

char* write_two(char* out, int value) {
  *out++ = static_cast<char>('0' + value / 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

char* write_text(char* out, std::string_view text) { return std::copy(text.begin(), text.end(), out); }

bool leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int month_days(const Date& date) {
  if (date.month == 2) return leap(date.year) ? 29 : 28;
  return date.month == 4 || date.month == 6 || date.month == 9 || date.month == 11 ? 30 : 31;
}

// Takes a date apart from the front. Once something is not as asked for, it stays failed.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  bool ok() const { return !failed_; }
  bool at_end() const { return ok() && rest_.empty(); }

  void text(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) failed_ = true;
    else rest_.remove_prefix(wanted.size());
  }

  // `digits` digits.
  int number(size_t digits) {
    int value = 0;
    if (rest_.size() < digits) failed_ = true;
    for (size_t i = 0; i < digits && ok(); i++) {
      if (!is_digit(rest_[i])) failed_ = true;
      value = value * 10 + (rest_[i] - '0');
    }
    if (ok()) rest_.remove_prefix(digits);
    return value;
  }

  // A number of two places, the first of which may be a space.
  int padded() {
    if (!rest_.starts_with(' ')) return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }

  int month() {
    size_t at = rest_.size() < 3 ? std::string_view::npos : kMonths.find(rest_.substr(0, 3));
    if (at == std::string_view::npos || at % 3 != 0) failed_ = true;
    else rest_.remove_prefix(3);
    return failed_ ? 0 : static_cast<int>(at / 3 + 1);
  }

  // Seconds since midnight; a leap second counts as the one after it.
  int time() {
    int hour = number(2);
    text(":");
    int minute = number(2);
    text(":");
    int second = number(2);
    if (hour > 23 || minute > 59 || second > 60) failed_ = true;
    return (hour * 60 + minute) * 60 + second;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<int64_t> time_of(const DateReader& reader, const Date& date, int second) {
  if (!reader.at_end() || date.year < 1 || date.day < 1 || date.day > month_days(date)) return std::nullopt;
  return days_of(date) * kDaySeconds + second;
}

// "06 Nov 1994 08:49:37 GMT"
std::optional<int64_t> parse_fixdate(DateReader reader) {
  Date date;
  date.day = reader.number(2);
  reader.text(" ");
  date.month = reader.month();
  reader.text(" ");
  date.year = reader.number(4);
  reader.text(" ");
  int second = reader.time();
  reader.text(" GMT");
  return time_of(reader, date, second);
}

// "06-Nov-94 08:49:37 GMT"
std::optional<int64_t> parse_rfc850(DateReader reader, int64_t now_s) {
  Date date;
  date.day = reader.number(2);
  reader.text("-");
  date.month = reader.month();
  reader.text("-");
  date.year = reader.number(2);
  reader.text(" ");
  int second = reader.time();
  reader.text(" GMT");
  if (!reader.at_end()) return std::nullopt;

  Date limit = date_of(std::clamp<int64_t>(now_s, 0, kTimeMax) / kDaySeconds);
  limit.year = std::min(limit.year + 50, 9999);
  date.year += limit.year / 100 * 100;
  bool after = date.year > limit.year ||
               (date.year == limit.year &&
                (date.month > limit.month || (date.month == limit.month && date.day > limit.day)));
  if (after) date.year -= 100;
  return time_of(reader, date, second);
}

// "Nov  6 08:49:37 1994"
std::optional<int64_t> parse_asctime(DateReader reader) {
  Date date;
  date.month = reader.month();
  reader.text(" ");
  date.day = reader.padded();
  reader.text(" ");
  int second = reader.time();
  reader.text(" ");
  date.year = reader.number(4);
  return time_of(reader, date, second);
}

}  // namespace

void write_http_date(char out[kHttpDateBytes], int64_t time_s) {
  time_s = std::clamp<int64_t>(time_s, 0, kTimeMax);
  int64_t days = time_s / kDaySeconds;
  int second = static_cast<int>(time_s % kDaySeconds);
  Date date = date_of(days);
  out = write_text(out, kDays[(days + 4) % 7].substr(0, 3));
  out = write_text(out, ", ");
  out = write_two(out, date.day);
  *out++ = ' ';
  out = write_text(out, kMonths.substr(static_cast<size_t>(date.month - 1) * 3, 3));
  *out++ = ' ';
  out = write_two(write_two(out, date.year / 100), date.year % 100);
  *out++ = ' ';
  out = write_two(out, second / 3600);
  *out++ = ':';
  out = write_two(out, second / 60 % 60);
  *out++ = ':';
  out = write_two(out, second % 60);
  write_text(out, " GMT");
}

std::optional<int64_t> parse_http_date(std::string_view text, int64_t now_s) {
  for (std::string_view day : kDays) {
    if (!text.starts_with(day.substr(0, 3))) continue;
    std::string_view rest = text.substr(3);
    if (rest.starts_with(", ")) return parse_fixdate(DateReader(rest.substr(2)));
    if (rest.starts_with(' ')) return parse_asctime(DateReader(rest.substr(1)));
    rest = text.starts_with(day) ? text.substr(day.size()) : std::string_view();
    return rest.starts_with(", ") ? parse_rfc850(DateReader(rest.substr(2)), now_s) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace oklo::codec
