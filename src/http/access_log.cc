#include "http/access_log.h"

#include "base/civil_time.h"
#include "base/number.h"
#include "sys/address.h"

namespace oklo::http {

namespace {

constexpr size_t kTextBytesMax = 1024;  // of one field of a line: what a client sends may be longer

std::string peer_text(const Exchange& exchange) {
  return exchange.peer_ip ? sys::Address::from_ip(exchange.peer_ip, 0).host() : "-";
}

// "10/Oct/2000:13:55:36 +0000", the time of the common log format.
std::string common_time(int64_t seconds) {
  CivilTime time = civil_time(seconds);
  char digits[16];
  std::string text(digits, write_digits(digits, time.day, 2));
  text.append("/").append(month_name(time.month)).append("/");
  text.append(digits, write_digits(digits, static_cast<unsigned>(time.year), 4));
  for (unsigned part : {time.hour, time.minute, time.second})
    text.append(":").append(digits, write_digits(digits, part, 2));
  return text + " +0000";
}

// What a client sent, so that it can neither end the line nor the quotes, and is JSON and harmless on a
// terminal: control characters, quotes, backslashes and bytes beyond ASCII are escaped.
void append_escaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (char c : text.substr(0, kTextBytesMax)) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (byte >= 0x20 && byte < 0x7f) out.push_back(c);
    else out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  append_escaped(out, text);
  out.push_back('"');
}

}  // namespace

void AccessLog::write(const Exchange& exchange) {
  line_.clear();
  if (format_ == LogFormat::json) json(exchange);
  else common(exchange);
  line_.push_back('\n');
  out_.append(line_);
}

void AccessLog::common(const Exchange& exchange) {
  line_.append(peer_text(exchange))
      .append(" - - [")
      .append(common_time(exchange.clock->wall_s))
      .append("] \"");
  if (exchange.head.size == 0) {
    line_.append("-");
  } else {
    line_.append(codec::method_name(exchange.head.method)).append(" ");
    append_escaped(line_, exchange.head.target());
    line_.append(exchange.head.minor_version ? " HTTP/1.1" : " HTTP/1.0");
  }
  line_.append("\" ").append(decimal(exchange.status)).append(" ");
  line_.append(exchange.body_bytes ? decimal(exchange.body_bytes) : "-");
}

void AccessLog::json(const Exchange& exchange) {
  char time[kTimestampSize];
  write_timestamp(time, civil_time(exchange.clock->wall_s));
  line_.append("{\"time\":\"").append(time, sizeof time).append("\",\"peer\":\"").append(peer_text(exchange));
  line_.append("\",\"status\":").append(decimal(exchange.status));
  line_.append(",\"bytes\":").append(decimal(exchange.body_bytes));
  if (exchange.head.size != 0) {
    line_.append(",\"method\":\"").append(codec::method_name(exchange.head.method)).append("\",\"target\":");
    append_quoted(line_, exchange.head.target());
    line_.append(",\"host\":");
    append_quoted(line_, exchange.head.host());
    line_.append(",\"referer\":");
    append_quoted(line_, exchange.head.field(codec::FieldId::referer));
    line_.append(",\"agent\":");
    append_quoted(line_, exchange.head.field(codec::FieldId::user_agent));
  }
  line_.append("}");
}

}  // namespace oklo::http
