#include "codec/http_request.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/characters.h"
#include "codec/field_id.h"
#include "codec/head_meaning.h"
#include "codec/head_verdict.h"
#include "codec/host.h"

namespace oklo::codec {
namespace {

constexpr size_t kEmptyLinesBytes = 8;
constexpr size_t kMethodBytes = 32;
constexpr size_t kHeadBytes = 65535;  // what the 16-bit places reach

constexpr std::string_view kMethodNames[] = {"GET",     "HEAD",  "POST",  "PUT",    "DELETE",
                                             "OPTIONS", "PATCH", "TRACE", "CONNECT"};

constexpr uint64_t word_of(const char (&text)[9]) {
  uint64_t word = 0;
  for (int i = 7; i >= 0; i--) word = word << 8 | static_cast<unsigned char>(text[i]);
  return word;
}

// Two characters at once; only good to be compared with another pair.
inline uint16_t load_pair(const char* at) {
  uint16_t pair;
  std::memcpy(&pair, at, sizeof pair);
  return pair;
}

constexpr uint16_t kLineEnd = std::endian::native == std::endian::big ? 0x0d0a : 0x0a0d;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// One comparison that most values do not need a second after.
bool maybe_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

char* trim_blanks(const char* from, char* end) {
  while (end > from && is_blank(end[-1])) end--;
  return end;
}

char* skip_blanks(char* at, const char* end) {
  while (at < end && is_blank(*at)) at++;
  return at;
}

// One pass over a request head; lives for one call of parse_request_head. Each step takes the place where
// it starts and returns the place behind it, or nullptr, and then `verdict_` says why.
class HeadParser {
 public:
  HeadParser(std::span<char> bytes, const HeadLimits& limits, RequestHead& head)
      : begin_(bytes.data()),
        end_(begin_ + std::min(bytes.size(), kHeadBytes)),
        limits_(limits),
        head_(head) {
    head_.base = begin_;
  }

  Verdict run();

 private:
  char* stop(Verdict verdict) {
    verdict_ = verdict;
    return nullptr;
  }
  // Why nothing was found from `start` on: more bytes would help, but there is no room for them.
  Verdict unfinished(const char* start, size_t room, Verdict full) const {
    bool fits = static_cast<size_t>(end_ - start) < room && static_cast<size_t>(end_ - begin_) < kHeadBytes;
    return verdict_ == Verdict::more && !fits ? full : verdict_;
  }
  char* empty_lines(char* at);
  char* request_line(char* at);
  char* method(char* at);
  char* target(char* start);
  char* skip_query(char* question) const;
  bool other_form(std::string_view text);
  char* version(char* at);
  char* slow_version(char* at);
  char* fields(char* at);
  char* bad_value(const char* after);
  void mark(FieldId id, size_t number);
  char* no_field(char* at, const char* colon, size_t count);
  char* fold(char* at, size_t count);

  uint16_t place(const char* at) const { return static_cast<uint16_t>(at - begin_); }

  char* const begin_;
  char* const end_;
  const HeadLimits& limits_;
  RequestHead& head_;
  SeenFields fields_;
  Verdict verdict_ = Verdict::fine;
};

Verdict HeadParser::run() {
  char* start = empty_lines(begin_);
  if (!start) return verdict_;
  const size_t line_room = size_t{limits_.request_line_bytes} + 2;
  char* at = request_line(start);
  if (!at) return unfinished(start, line_room - (end_[-1] != '\r'), Verdict::line_long);
  if (static_cast<size_t>(at - start) > line_room) return Verdict::line_long;
  start = at;
  at = fields(start);
  if (!at) return unfinished(start, limits_.fields_bytes, Verdict::fields_large);
  if (static_cast<size_t>(at - start) > limits_.fields_bytes) return Verdict::fields_large;
  head_.size = static_cast<uint32_t>(at - begin_);
  return read_meaning(head_, fields_);
}

// RFC 9112 section 2.2: a few empty lines before a request are passed over.
char* HeadParser::empty_lines(char* at) {
  while (at < end_ && *at == '\r') {
    if (at + 1 == end_) return stop(Verdict::more);
    if (at[1] != '\n') return stop(Verdict::line_end);
    at += 2;
    if (static_cast<size_t>(at - begin_) > kEmptyLinesBytes) return stop(Verdict::empty_lines);
  }
  return at < end_ ? at : stop(Verdict::more);
}

char* HeadParser::request_line(char* at) {
  at = method(at);
  if (at) at = target(at);
  return at ? version(at) : nullptr;
}

// The method with the space behind it.
char* HeadParser::method(char* at) {
  if (end_ - at >= 4 && std::memcmp(at, "GET ", 4) == 0) {
    head_.method = Method::get;
    return at + 4;
  }
  const char* limit = at + std::min<size_t>(kMethodBytes + 1, static_cast<size_t>(end_ - at));
  std::string_view name(at, static_cast<size_t>(skip_token(at, limit) - at));
  at += name.size();
  if (name.size() > kMethodBytes) return stop(Verdict::method);
  if (at == end_) return stop(Verdict::more);
  if (*at != ' ') return stop(*at == '\n' ? Verdict::line_end : Verdict::method);
  if (name.empty()) return stop(Verdict::method);
  if (name == "PRI") return stop(Verdict::version_unknown);  // how HTTP/2 begins, RFC 9113 section 3.4
  const auto* known = std::find(std::begin(kMethodNames), std::end(kMethodNames), name);
  if (known == std::end(kMethodNames)) return stop(Verdict::method_unknown);
  head_.method = static_cast<Method>(known - kMethodNames);
  return at + 1;
}

// The target with the space behind it.
char* HeadParser::target(char* start) {
  bool root = end_ - start >= 2 && start[0] == '/' && start[1] == ' ';  // the target asked for most
  char* question = root ? start + 1 : start + (skip_path(start, end_) - start);
  if (question == end_) return stop(Verdict::more);
  char* after = *question == '?' ? skip_query(question) : question;
  if (after == end_) return stop(Verdict::more);
  if (*after != ' ') return stop(*after == '\r' || *after == '\n' ? Verdict::version : Verdict::target);
  size_t mark = after != question;  // of the '?'
  head_.target_at = head_.path_at = place(start);
  head_.target_size = static_cast<uint32_t>(after - start);
  head_.path_size = static_cast<uint32_t>(question - start);
  head_.has_query = mark;
  head_.query_at = static_cast<uint32_t>(place(question) + mark);
  head_.query_size = static_cast<uint32_t>(static_cast<size_t>(after - question) - mark);
  head_.absolute_form = false;
  head_.host_at = head_.host_size = 0;
  if (*start != '/' || head_.method == Method::connect)
    if (!other_form({start, static_cast<size_t>(after - start)})) return stop(Verdict::target);
  return after + 1;
}

// The first place behind a '?' where a query cannot go on, or the end.
[[gnu::noinline]] char* HeadParser::skip_query(char* question) const {
  char* at = question;
  while (at < end_ && *at == '?') at += skip_path(at + 1, end_) - at;
  return at;
}

// asterisk-form, authority-form and absolute-form (RFC 9112 sections 3.2.2 to 3.2.4).
bool HeadParser::other_form(std::string_view text) {
  if (head_.method == Method::connect) {
    head_.host_at = head_.target_at;
    head_.host_size = head_.target_size;
    head_.path_size = 0;
    return valid_host_with_port(text);
  }
  if (text == "*") return head_.method == Method::options;

  size_t scheme = 0;
  if (equal_ignoring_case(text.substr(0, 7), "http://")) scheme = 7;
  if (equal_ignoring_case(text.substr(0, 8), "https://")) scheme = 8;
  if (scheme == 0) return false;
  std::string_view authority = text.substr(scheme, text.find_first_of("/?", scheme) - scheme);
  size_t before = scheme + authority.size();
  head_.absolute_form = true;
  head_.host_at = static_cast<uint32_t>(head_.target_at + scheme);
  head_.host_size = static_cast<uint32_t>(authority.size());
  head_.path_at = static_cast<uint32_t>(head_.target_at + before);
  head_.path_size = static_cast<uint32_t>(head_.path_size - before);
  return valid_host(authority);
}

// The version with the line's end.
char* HeadParser::version(char* at) {
  if (end_ - at < 10 || load_word(at) != word_of("HTTP/1.1") || load_pair(at + 8) != kLineEnd)
    return slow_version(at);
  head_.minor_version = 1;
  return at + 10;
}

// A '#' in the pattern stands for a digit.
char* HeadParser::slow_version(char* at) {
  constexpr std::string_view kPattern = "HTTP/#.#\r\n";
  for (size_t i = 0; i < kPattern.size(); i++) {
    if (at + i == end_) return stop(Verdict::more);
    bool matches = kPattern[i] == '#' ? is_digit(at[i]) : at[i] == kPattern[i];
    if (!matches) return stop(at[i] == '\n' || i == 9 ? Verdict::line_end : Verdict::version);
  }
  if (at[5] != '1') return stop(Verdict::version_unknown);
  head_.minor_version = static_cast<uint8_t>(at[7] - '0');
  return at + kPattern.size();
}

// The field lines and the empty line behind them. Behind a field name at least its colon and two line ends
// must come, so a name that is nearer to the end needs more bytes, and no place before that a test.
char* HeadParser::fields(char* at) {
  if (at == end_) return stop(Verdict::more);
  head_.first = {};
  const size_t room = std::min<size_t>(limits_.fields_count, kFieldsMax);
  size_t count = 0;
  char* const end = end_;
  while (*at != '\r') {
    char* colon = at + (skip_token(at, end) - at);
    if (end - colon < 5 || *colon != ':' || colon == at) {
      at = no_field(at, colon, count);
      if (!at) return nullptr;
      continue;
    }
    if (count == room) return stop(Verdict::fields_many);
    size_t size = static_cast<size_t>(colon - at);
    char* from = colon + 1;
    if (*from == ' ') from++;
    if (maybe_blank(*from)) from = skip_blanks(from, end);
    char* after = from + (skip_value(from, end) - from);
    if (end - after < 3 || load_pair(after) != kLineEnd) return bad_value(after);

    Field& field = head_.fields[count++];
    field.name_at = place(at);
    field.name_size = static_cast<uint16_t>(size);
    field.id = field_id({at, size}, end);
    if (field.id != FieldId::other) mark(field.id, count);
    at = after + 2;
    if (maybe_blank(after[-1])) after = trim_blanks(from, after);
    field.value_at = place(from);
    field.value_size = static_cast<uint16_t>(after - from);
  }
  head_.field_count = static_cast<uint16_t>(count);
  if (end - at < 2) return stop(Verdict::more);
  return at[1] == '\n' ? at + 2 : stop(Verdict::line_end);
}

// The field that was counted as `number` has this known name.
inline void HeadParser::mark(FieldId id, size_t number) {
  if (fields_.seen & field_bit(id)) fields_.repeated |= field_bit(id);
  else head_.first[static_cast<size_t>(id)] = static_cast<uint8_t>(number);
  fields_.seen |= field_bit(id);
}

// A value does not end with CR LF, or too near to the end.
char* HeadParser::bad_value(const char* after) {
  bool line_end = after < end_ && (*after == '\r' || *after == '\n');
  if (after == end_ || (*after == '\r' && (after + 1 == end_ || after[1] == '\n')))
    return stop(Verdict::more);
  return stop(line_end ? Verdict::line_end : Verdict::value);
}

// A line that does not start with a name, a colon and enough behind it, after `count` fields.
char* HeadParser::no_field(char* at, const char* colon, size_t count) {
  if (colon == end_ || (colon > at && *colon == ':')) return stop(Verdict::more);
  if (colon == at && is_blank(*at)) return fold(at, count);
  return stop(*colon == '\n' ? Verdict::line_end : Verdict::name);
}

// RFC 9112 section 5.2 lets a server refuse folded lines or make them one. The fields that frame the
// message must mean the same to whoever stands in front, so those are refused from HTTP/1.0 clients too.
char* HeadParser::fold(char* at, size_t count) {
  if (count == 0) return stop(Verdict::first_blank);
  Field* field = &head_.fields[count - 1];
  constexpr uint32_t kFraming =
      field_bit(FieldId::host) | field_bit(FieldId::content_length) | field_bit(FieldId::transfer_encoding);
  if (head_.minor_version > 0 || (field_bit(field->id) & kFraming)) return stop(Verdict::fold);
  at[-2] = at[-1] = ' ';
  char* from = skip_blanks(at, end_);
  char* after = from + (skip_value(from, end_) - from);
  if (end_ - after < 3 || load_pair(after) != kLineEnd) return bad_value(after);
  at = after + 2;
  after = trim_blanks(from, after);
  if (field->value_size == 0) field->value_at = place(from);
  if (after > from) field->value_size = static_cast<uint16_t>(after - begin_ - field->value_at);
  return at;
}

}  // namespace

std::string_view method_name(Method method) { return kMethodNames[static_cast<size_t>(method)]; }

std::string_view RequestHead::find(std::string_view wanted) const {
  for (const Field& field : all())
    if (equal_ignoring_case(name(field), wanted)) return value(field);
  return {};
}

ParseOutcome parse_request_head(std::span<char> bytes, const HeadLimits& limits, RequestHead& out) {
  Verdict verdict = HeadParser(bytes, limits, out).run();
  if (verdict == Verdict::fine) return {ParseOutcome::Kind::complete, 0, ""};
  return outcome_of(verdict);
}

}  // namespace oklo::codec
