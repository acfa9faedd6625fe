#include "codec/config_lexer.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace oklo::codec {

namespace {

using Kind = ConfigToken::Kind;

constexpr std::string_view kVariableForms = "write ${NAME} or ${NAME:-DEFAULT}";

bool ends_word(char c) { return std::string_view(" \t\r\n;{}").find(c) != std::string_view::npos; }

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

// The bytes behind the first of a character of UTF-8.
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool is_name(std::string_view text) {
  auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; };
  return !text.empty() && !is_digit(text[0]) && std::all_of(text.begin(), text.end(), fits);
}

// What a letter behind a backslash stands for; empty: nothing.
std::string_view escaped(char c) {
  switch (c) {
    case 'n': return "\n";
    case 'r': return "\r";
    case 't': return "\t";
    case '"': return "\"";
    case '\\': return "\\";
    case '$': return "$";
    default: return {};
  }
}

}  // namespace

ConfigLexer::ConfigLexer(std::string_view text, const Lookup& lookup) : rest_(text), lookup_(lookup) {}

void ConfigLexer::step() {
  char c = rest_[0];
  rest_.remove_prefix(1);
  if (c == '\n') place_ = {place_.line + 1, 1};
  else if (rest_.empty() || !continues_character(rest_[0])) place_.column++;
}

void ConfigLexer::skip_blanks() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) step();
  if (!rest_.empty() && rest_[0] == '#')
    while (!rest_.empty() && rest_[0] != '\n') step();
}

void ConfigLexer::fault(ConfigPlace place, std::string text) {
  if (waiting_.size() < kFaultsMax) waiting_.push_back({Kind::error, place, std::move(text)});
}

void ConfigLexer::put(std::string& word, std::string_view text) {
  if (word.size() + text.size() <= kWordBytesMax) {
    word.append(text);
  } else if (!std::exchange(too_long_, true)) {
    fault(place_, "a word has at most 65535 bytes");
  }
}

ConfigToken ConfigLexer::next() {
  if (waiting_.empty()) {
    skip_blanks();
    ConfigPlace place = place_;
    if (rest_.empty()) return {Kind::over, place, {}};
    Kind kind = Kind::word;
    if (rest_[0] == '\n' || rest_[0] == ';') kind = Kind::end;
    if (rest_[0] == '{') kind = Kind::open;
    if (rest_[0] == '}') kind = Kind::close;
    if (kind != Kind::word) {
      step();
      return {kind, place, {}};
    }
    std::string word = read_word();
    waiting_.push_back({Kind::word, place, std::move(word)});
  }
  ConfigToken first = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return first;
}

std::string ConfigLexer::read_word() {
  std::string word;
  too_long_ = false;
  while (!rest_.empty() && !ends_word(rest_[0])) {
    if (rest_[0] == '"') read_quoted(word);
    else if (rest_.starts_with("${")) read_variable(word);
    else read_plain(word);
  }
  return word;
}

void ConfigLexer::read_plain(std::string& word) {
  if (is_control(rest_[0])) fault(place_, "a control character; in quotes it may stand as \\xHH");
  else put(word, rest_.substr(0, 1));
  step();
}

void ConfigLexer::read_quoted(std::string& word) {
  ConfigPlace opened = place_;
  step();
  while (!rest_.empty() && rest_[0] != '\n') {
    if (rest_[0] == '"') return step();
    if (rest_[0] == '\\') read_escape(word);
    else if (rest_.starts_with("${")) read_variable(word);
    else read_plain(word);
  }
  fault(opened, "this quote is not closed on its line");
}

void ConfigLexer::read_escape(std::string& word) {
  ConfigPlace place = place_;
  step();
  if (rest_.empty() || rest_[0] == '\n') return;
  std::string_view meant = escaped(rest_[0]);
  int high = rest_.size() > 2 ? hex_value(rest_[1]) : -1;
  int low = rest_.size() > 2 ? hex_value(rest_[2]) : -1;
  char byte = 0;
  if (rest_[0] == 'x' && high >= 0 && low >= 0) {
    byte = static_cast<char>(high * 16 + low);
    meant = {&byte, 1};
    step();
    step();
  }
  if (meant.empty())
    return fault(place, "in quotes a backslash stands in \\\\ \\\" \\$ \\n \\r \\t or \\xHH");
  put(word, meant);
  step();
}

void ConfigLexer::read_variable(std::string& word) {
  ConfigPlace place = place_;
  size_t end = rest_.find_first_of("}\n");
  if (end == rest_.npos || rest_[end] == '\n') {
    fault(place, "this ${ is not closed on its line; " + std::string(kVariableForms));
    step();
    return step();
  }
  std::string_view inside = rest_.substr(2, end - 2);
  size_t mark = inside.find(":-");
  std::string_view name = inside.substr(0, mark);
  if (!is_name(name)) {
    fault(place, "this is no variable; " + std::string(kVariableForms));
  } else {
    std::optional<std::string> value = lookup_(name);
    if (mark != inside.npos && (!value || value->empty())) value = inside.substr(mark + 2);
    if (value) put(word, *value);
    else fault(place, "the environment has no " + std::string(name) + "; ${" + std::string(name) +
                          ":-DEFAULT} does without");
  }
  for (size_t i = 0; i <= end; i++) step();
}

}  // namespace oklo::codec
