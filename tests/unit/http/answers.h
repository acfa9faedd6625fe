#pragma once

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// One answer as a client reads it (RFC 9112 section 6): strictly, so that a wrong frame shows as status -1.
struct Answer {
  int status = 0;  // 0: there is none
  std::map<std::string, std::string> fields;  // names in small letters; two of one name joined by ", "
  std::string body;
  std::map<std::string, std::string> trailers;

  std::string field(const std::string& name) const {
    auto found = fields.find(name);
    return found == fields.end() ? "(none)" : found->second;
  }
  bool closes() const { return field("connection") == "close"; }
};

// Takes answers from the front of a byte stream. Lives for one look at it.
class AnswerReader {
 public:
  explicit AnswerReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  // The next one; `to_head`: it answers HEAD.
  Answer next(bool to_head = false) {
    Answer answer;
    std::string_view line;
    if (!take_line(line) || !line.starts_with("HTTP/1.1 ") || line.size() < 13) return wrong();
    answer.status = atoi(std::string(line.substr(9, 3)).c_str());
    if (!take_fields(answer.fields)) return wrong();
    bool empty = to_head || answer.status < 200 || answer.status == 204 || answer.status == 304;
    if (empty) return answer;
    return take_body(answer) ? answer : wrong();
  }

 private:
  static Answer wrong() {
    Answer answer;
    answer.status = -1;
    return answer;
  }

  bool take_line(std::string_view& line) {
    size_t end = rest_.find("\r\n");
    if (end == rest_.npos) return false;
    line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return true;
  }

  bool take_fields(std::map<std::string, std::string>& out) {
    for (std::string_view line; take_line(line);) {
      if (line.empty()) return true;
      size_t colon = line.find(": ");
      if (colon == line.npos) return false;
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return tolower(c); });
      auto [place, fresh] = out.try_emplace(name, line.substr(colon + 2));
      if (!fresh) place->second.append(", ").append(line.substr(colon + 2));
    }
    return false;
  }

  bool take_bytes(size_t size, std::string& out) {
    if (rest_.size() < size) return false;
    out.append(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return true;
  }

  bool take_body(Answer& answer) {
    bool chunked = answer.field("transfer-encoding") == "chunked";
    std::string length = answer.field("content-length");
    if (chunked) return length == "(none)" && take_chunks(answer);
    if (length != "(none)") return take_bytes(strtoul(length.c_str(), nullptr, 10), answer.body);
    return take_bytes(rest_.size(), answer.body);
  }

  bool take_chunks(Answer& answer) {
    for (std::string_view line; take_line(line);) {
      size_t size = strtoul(std::string(line).c_str(), nullptr, 16);
      if (size == 0) return line == "0" && take_fields(answer.trailers);
      std::string_view end;
      if (!take_bytes(size, answer.body) || !take_line(end) || !end.empty()) return false;
    }
    return false;
  }

  std::string_view rest_;
};
