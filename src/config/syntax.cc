#include "config/syntax.h"

#include <utility>

namespace oklo::config {

namespace {

using codec::ConfigLexer;
using codec::ConfigToken;
using Kind = ConfigToken::Kind;

class SyntaxReader {
 public:
  SyntaxReader(Faults& faults, uint32_t source, const ConfigLexer::Lookup& lookup)
      : faults_(faults), source_(source), lexer_(faults.source(source).text, lookup) {}

  std::vector<Statement> read() {
    std::vector<Statement> all;
    for (;;) {
      ConfigToken last = read_block(all, 0);
      if (last.kind == Kind::over) return all;
      fault(last.place, "this } closes nothing");
    }
  }

 private:
  void fault(ConfigPlace at, std::string text) { faults_.add({source_, at}, std::move(text)); }

  // Appends statements up to the end of the block or of the text, and gives that token.
  ConfigToken read_block(std::vector<Statement>& out, unsigned depth) {
    Statement now;
    for (;;) {
      ConfigToken token = lexer_.next();
      if (token.kind == Kind::word) {
        now.words.push_back({std::move(token.text), {source_, token.place}});
      } else if (token.kind == Kind::error) {
        fault(token.place, std::move(token.text));
        now.broken = true;
        last_error_ = token.place;
      } else {
        if (token.kind == Kind::open) open_block(now, out, token.place, depth);
        if (!now.words.empty()) out.push_back(std::move(now));
        now = {};
        if (token.kind == Kind::close || token.kind == Kind::over) return token;
      }
    }
  }

  // What could not be read behind a brace may have been its end.
  void tell_open(ConfigPlace at) {
    if (last_error_ < at) fault(at, "this { is not closed");
  }

  // Who writes a brace on a line of its own is told so once, and its block is read as what was meant.
  void open_block(Statement& now, std::vector<Statement>& before, ConfigPlace at, unsigned depth) {
    bool on_next_line = now.words.empty() && !before.empty() && !before.back().has_block;
    if (now.words.empty()) fault(at, "the { of a block stands on the line of its directive");
    else if (depth == kNestingMax) fault(at, "blocks nest 16 deep at most");
    Statement& owner = on_next_line ? before.back() : now;
    owner.has_block = true;
    if (depth == kNestingMax) return skip_block(at);
    if (read_block(owner.block, depth + 1).kind == Kind::over) tell_open(at);
  }

  // What is nested too deep is passed over without recursion.
  void skip_block(ConfigPlace at) {
    for (unsigned open = 1; open > 0;) {
      Kind kind = lexer_.next().kind;
      if (kind == Kind::over) return tell_open(at);
      open += kind == Kind::open;
      open -= kind == Kind::close;
    }
  }

  Faults& faults_;
  uint32_t source_;
  ConfigLexer lexer_;
  ConfigPlace last_error_ = {0, 0};
};

}  // namespace

std::vector<Statement> read_syntax(Faults& faults, uint32_t source, const ConfigLexer::Lookup& lookup) {
  return SyntaxReader(faults, source, lookup).read();
}

}  // namespace oklo::config
