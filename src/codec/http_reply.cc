#include "codec/http_reply.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/characters.h"
#include "codec/field_list.h"

namespace oklo::codec {
namespace {

constexpr uint64_t kLengthMax = uint64_t{1} << 62;
constexpr std::string_view kVersion = "HTTP/1.";

// One pass over a head. Each step takes one line and says what is wrong with it, or nullptr.
class ReplyParser {
 public:
  ReplyParser(std::span<char> bytes, ReplyHead& head)
      : bytes_(bytes.data()), size_(std::min(bytes.size(), kReplyHeadBytesMax)), head_(head) {}

  ReplyOutcome run();

 private:
  enum class Line : uint8_t { whole, unfinished, bad };

  Line next_line(std::string_view& line);
  ReplyOutcome unfinished(std::string_view line) const;
  const char* status_line(std::string_view line);
  const char* field_line(std::string_view line);
  bool folds() const;
  const char* meaning();
  const char* read_length(std::string_view value);

  uint16_t place(const char* at) const { return static_cast<uint16_t>(at - bytes_); }
  static ReplyOutcome bad(const char* why) { return {ReplyOutcome::Kind::bad, why}; }

  char* bytes_;
  size_t size_;
  size_t at_ = 0;
  ReplyHead& head_;
};

// A line without its end. A folded one is made one line first.
ReplyParser::Line ReplyParser::next_line(std::string_view& line) {
  size_t end = at_;
  while (end < size_ && bytes_[end] != '\r' && bytes_[end] != '\n') end++;
  line = {bytes_ + at_, end - at_};
  if (end == size_ || (bytes_[end] == '\r' && end + 1 == size_)) return Line::unfinished;
  if (bytes_[end] != '\r' || bytes_[end + 1] != '\n') return Line::bad;
  at_ = end + 2;
  return Line::whole;
}

ReplyOutcome ReplyParser::unfinished(std::string_view line) const {
  if (size_ == kReplyHeadBytesMax) return bad("the head is larger than 16384 bytes");
  bool first = line.data() == bytes_;
  std::string_view begin = line.substr(0, kVersion.size());
  if (first && begin != kVersion.substr(0, begin.size())) return bad("it is not HTTP/1");
  return {};
}

ReplyOutcome ReplyParser::run() {
  head_ = {};
  head_.base = bytes_;
  for (bool first = true;; first = false) {
    std::string_view line;
    Line got = next_line(line);
    if (got == Line::bad) return bad("a line does not end in CR LF");
    if (got == Line::unfinished) return unfinished(line);
    if (line.empty() && !first) break;
    while (!first && folds()) {
      size_t begin = place(line.data());
      bytes_[at_ - 2] = bytes_[at_ - 1] = ' ';
      at_ = begin;
      got = next_line(line);
      if (got == Line::bad) return bad("a line does not end in CR LF");
      if (got == Line::unfinished) return unfinished(line);
    }
    if (!first && at_ == size_) return unfinished(line);  // The next line may belong to this one.
    if (const char* why = first ? status_line(line) : field_line(line)) return bad(why);
  }
  head_.size = static_cast<uint32_t>(at_);
  if (const char* why = meaning()) return bad(why);
  return {ReplyOutcome::Kind::complete, ""};
}

// Whether the next line goes on with this one (obs-fold, RFC 9112 section 5.2).
bool ReplyParser::folds() const { return at_ < size_ && (bytes_[at_] == ' ' || bytes_[at_] == '\t'); }

// RFC 9112 section 4. The space behind the status may be missing where no reason follows: many leave it out.
const char* ReplyParser::status_line(std::string_view line) {
  bool version = line.size() >= 12 && line.starts_with(kVersion) && is_digit(line[7]) && line[8] == ' ';
  if (!version) return "it is not HTTP/1";
  std::string_view digits = line.substr(9, 3);
  bool status = std::all_of(digits.begin(), digits.end(), is_digit) && digits[0] >= '1' && digits[0] <= '5';
  if (!status || (line.size() > 12 && line[12] != ' ')) return "bad status";
  std::string_view reason = line.substr(std::min<size_t>(13, line.size()));
  if (!std::all_of(reason.begin(), reason.end(), is_value_char)) return "bad reason phrase";
  head_.minor_version = line[7] == '0' ? 0 : 1;
  head_.status = static_cast<uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
  head_.reason_at = place(reason.data());
  head_.reason_size = static_cast<uint16_t>(reason.size());
  return nullptr;
}

const char* ReplyParser::field_line(std::string_view line) {
  size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return "bad field name";
  std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
  if (skip_token(name.data(), name.data() + name.size()) != name.data() + name.size())
    return "bad field name";
  if (!std::all_of(value.begin(), value.end(), is_value_char)) return "bad field value";
  if (head_.fields.size() == kReplyFieldsMax) return "more than 128 fields";
  head_.fields.push_back({place(name.data()), static_cast<uint16_t>(name.size()), place(value.data()),
                          static_cast<uint16_t>(value.size())});
  return nullptr;
}

const char* ReplyParser::read_length(std::string_view value) {
  std::optional<uint64_t> length = parse_decimal(value);
  if (!length || *length > kLengthMax) return "bad Content-Length";
  head_.content_length = *length;
  head_.framing = ReplyHead::Framing::length;
  return nullptr;
}

// The fields that frame the message and end the connection (RFC 9112 sections 6.3 and 9.3).
const char* ReplyParser::meaning() {
  bool length = false, coding = false, close = false, stay = head_.minor_version > 0;
  for (const ReplyHead::Field& field : head_.fields) {
    std::string_view name = head_.name(field), value = head_.value(field);
    if (equal_ignoring_case(name, "content-length")) {
      if (std::exchange(length, true)) return "Content-Length stands twice";
      if (const char* why = read_length(value)) return why;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      if (std::exchange(coding, true)) return "Transfer-Encoding stands twice";
      if (!equal_ignoring_case(value, "chunked")) return "unknown transfer coding";
    } else if (equal_ignoring_case(name, "connection")) {
      close |= list_has(value, "close");
      stay |= list_has(value, "keep-alive");
    }
  }
  if (length && coding) return "Content-Length with Transfer-Encoding";
  if (coding && head_.minor_version == 0) return "Transfer-Encoding in HTTP/1.0";
  if (coding) head_.framing = ReplyHead::Framing::chunked;
  head_.keep_alive = stay && !close;
  return nullptr;
}

}  // namespace

std::string_view ReplyHead::find(std::string_view wanted) const {
  for (const Field& field : fields)
    if (equal_ignoring_case(name(field), wanted)) return value(field);
  return {};
}

ReplyOutcome parse_reply_head(std::span<char> bytes, ReplyHead& out) { return ReplyParser(bytes, out).run(); }

}  // namespace oklo::codec
