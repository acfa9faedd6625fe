#include "http/access_log.h"

#include "base/civil_time.h"
#include "base/number.h"
#include "sys/address.h"

namespace oklo::http {

namespace {

std::string peer_text(const Reply& reply) {
  return reply.peer_ip ? sys::Address::from_ip(reply.peer_ip, 0).host() : "-";
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
  for (char c : text.substr(0, RequestWords::kTextBytesMax)) {
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

void AccessLog::write(const Reply& reply, const RequestWords& words) {
  line_.clear();
  if (format_ == LogFormat::json) json(reply, words);
  else common(reply, words);
  line_.push_back('\n');
  out_.append(line_);
}

void AccessLog::common(const Reply& reply, const RequestWords& words) {
  line_.append(peer_text(reply)).append(" - - [").append(common_time(reply.clock->wall_s)).append("] \"");
  if (words.target.empty()) {
    line_.append("-");
  } else {
    line_.append(codec::method_name(reply.method)).append(" ");
    append_escaped(line_, words.target);
    line_.append(reply.minor_version ? " HTTP/1.1" : " HTTP/1.0");
  }
  line_.append("\" ").append(decimal(reply.status)).append(" ");
  line_.append(reply.body_bytes ? decimal(reply.body_bytes) : "-");
}

void AccessLog::json(const Reply& reply, const RequestWords& words) {
  char time[kTimestampSize];
  write_timestamp(time, civil_time(reply.clock->wall_s));
  line_.append("{\"time\":\"").append(time, sizeof time).append("\",\"peer\":\"").append(peer_text(reply));
  line_.append("\",\"status\":").append(decimal(reply.status));
  line_.append(",\"bytes\":").append(decimal(reply.body_bytes));
  if (!words.target.empty()) {
    line_.append(",\"method\":\"").append(codec::method_name(reply.method)).append("\",\"target\":");
    append_quoted(line_, words.target);
    line_.append(",\"host\":");
    append_quoted(line_, words.host);
    line_.append(",\"referer\":");
    append_quoted(line_, words.referer);
    line_.append(",\"agent\":");
    append_quoted(line_, words.agent);
  }
  line_.append("}");
}

}  // namespace oklo::http
