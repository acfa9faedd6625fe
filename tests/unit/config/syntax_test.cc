#include "config/syntax.h"

#include <doctest/doctest.h>

#include <string>

using namespace oklo::config;

namespace {

std::string shown(const std::vector<Statement>& statements) {
  std::string text;
  for (const Statement& statement : statements) {
    for (const Word& word : statement.words) text += (&word == &statement.words[0] ? "" : " ") + word.text;
    if (statement.broken) text += "!";
    if (statement.has_block) text += "{" + shown(statement.block) + "}";
    text += ";";
  }
  return text;
}

struct Outcome {
  std::string tree;
  std::string faults;
};

Outcome read(std::string text) {
  Faults faults;
  faults.add_source("f", std::move(text));
  oklo::codec::ConfigLexer::Lookup nothing = [](std::string_view) { return std::nullopt; };
  std::string tree = shown(read_syntax(faults, 0, nothing));
  return {tree, faults.to_text()};
}

// The first line of what is wrong, without the place.
std::string first_fault(const std::string& text) {
  std::string all = read(text).faults;
  return all.substr(0, all.find('\n'));
}

}  // namespace

TEST_CASE("config/syntax: directives with words and blocks") {
  CHECK(read("a b\n\nc { d e; f { g } }\nh;;i").tree == "a b;c{d e;f{g;};};h;i;");
  CHECK(read("a {\n}\nb { } c").tree == "a{};b{};c;");
  CHECK(read("").tree.empty());
  CHECK(read("a b\nc { d e; f { g } }").faults.empty());
}

TEST_CASE("config/syntax: a word that can't be read breaks its directive alone") {
  Outcome outcome = read("a \"b\nc d");
  CHECK(outcome.tree == "a b!;c d;");
  CHECK(outcome.faults == "f:1:3: this quote is not closed on its line\n    a \"b\n      ^\n");
  CHECK(read("a ${NO} {\n b }").tree == "a !{b;};");
}

TEST_CASE("config/syntax: braces that do not match are told where they stand") {
  CHECK(first_fault("a {\n b {\n c }\n") == "f:1:3: this { is not closed");
  CHECK(read("a {\n b\n").tree == "a{b;};");
  CHECK(first_fault("a { b \"c }\nd") == "f:1:7: this quote is not closed on its line");
  CHECK(first_fault("a \"b\nc {\nd").find("this quote") != std::string::npos);
  CHECK(read("a \"b\nc {\nd").faults.find("f:2:3: this { is not closed") != std::string::npos);
  CHECK(first_fault("a\n}\nb") == "f:2:1: this } closes nothing");
  CHECK(read("a\n}\nb").tree == "a;b;");
}

TEST_CASE("config/syntax: a brace on a line of its own is told, and its block is still read") {
  Outcome outcome = read("a b\n{\n c\n}\nd");
  CHECK(outcome.tree == "a b{c;};d;");
  CHECK(outcome.faults.starts_with("f:2:1: the { of a block stands on the line of its directive\n"));
  CHECK(read("{ a }\nb").tree == "b;");
  CHECK(read("a { }\n{ b }\nc").tree == "a{};c;");
}

TEST_CASE("config/syntax: blocks nest up to a depth, and what is deeper is passed over") {
  std::string open, close;
  for (unsigned i = 0; i < kNestingMax; i++) {
    open += "a {";
    close += "}";
  }
  CHECK(read(open + close).faults.empty());
  CHECK(first_fault(open + "b { c { d } }" + close).ends_with("blocks nest 16 deep at most"));
  CHECK(read(open + "b { c { d } }" + close + " e").tree.ends_with("};e;"));
  std::string deep(100'000, '{');
  CHECK(read(open + "b " + deep).faults.find("blocks nest 16 deep at most") != std::string::npos);
}
