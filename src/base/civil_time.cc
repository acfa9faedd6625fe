#include "base/civil_time.h"

namespace oklo {

namespace {

constexpr int64_t kSecondsOfDay = 86400;
constexpr int64_t kDaysOfEra = 146097;       // 400 years
constexpr int64_t kDaysFromYear0 = 719468;   // from 1 March of year 0 to 1 January 1970

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kWeekdays = "SunMonTueWedThuFriSat";

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

// Years are counted from March, so that the leap day is the last of its year and all months before it
// have the pattern 31, 30, 31, 30, 31 twice.
CivilTime civil_time(int64_t seconds) {
  int64_t days = floor_divide(seconds, kSecondsOfDay);
  unsigned rest = static_cast<unsigned>(seconds - days * kSecondsOfDay);
  int64_t shifted = days + kDaysFromYear0;
  int64_t era = floor_divide(shifted, kDaysOfEra);
  unsigned day_of_era = static_cast<unsigned>(shifted - era * kDaysOfEra);
  unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned march_month = (5 * day_of_year + 2) / 153;
  CivilTime time;
  time.day = day_of_year - (153 * march_month + 2) / 5 + 1;
  time.month = march_month < 10 ? march_month + 3 : march_month - 9;
  time.year = static_cast<int>(era * 400 + year_of_era + (time.month <= 2 ? 1 : 0));
  time.hour = rest / 3600;
  time.minute = rest / 60 % 60;
  time.second = rest % 60;
  time.weekday = static_cast<unsigned>(((days + 4) % 7 + 7) % 7);
  return time;
}

int64_t seconds_since_1970(const CivilTime& time) {
  int64_t year = time.year - (time.month <= 2 ? 1 : 0);
  int64_t era = floor_divide(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t march_month = time.month > 2 ? time.month - 3 : time.month + 9;
  int64_t day_of_year = (153 * march_month + 2) / 5 + time.day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  int64_t days = era * kDaysOfEra + day_of_era - kDaysFromYear0;
  return days * kSecondsOfDay + time.hour * 3600 + time.minute * 60 + time.second;
}

std::string_view month_name(unsigned month) { return kMonths.substr((month - 1) * 3, 3); }
std::string_view weekday_name(unsigned weekday) { return kWeekdays.substr(weekday * 3, 3); }

char* write_digits(char* out, unsigned value, unsigned digits) {
  for (unsigned i = digits; i > 0; i--, value /= 10) out[i - 1] = static_cast<char>('0' + value % 10);
  return out + digits;
}

char* write_timestamp(char* out, const CivilTime& time) {
  out = write_digits(out, static_cast<unsigned>(time.year), 4);
  *out++ = '-';
  out = write_digits(out, time.month, 2);
  *out++ = '-';
  out = write_digits(out, time.day, 2);
  *out++ = 'T';
  out = write_digits(out, time.hour, 2);
  *out++ = ':';
  out = write_digits(out, time.minute, 2);
  *out++ = ':';
  out = write_digits(out, time.second, 2);
  *out++ = 'Z';
  return out;
}

}  // namespace oklo
