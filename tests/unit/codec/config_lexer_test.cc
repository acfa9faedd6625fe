#include "codec/config_lexer.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;
using Kind = ConfigToken::Kind;

namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "HOME") return "/root";
  if (name == "PORT") return "8080";
  if (name == "EMPTY") return "";
  if (name == "ODD") return "a b;{}#\"${HOME}\n";
  if (name == "LONG") return std::string(60'000, 'x');
  return std::nullopt;
}

std::string shown(const ConfigToken& token) {
  switch (token.kind) {
    case Kind::word: return "<" + token.text + ">";
    case Kind::open: return "{";
    case Kind::close: return "}";
    case Kind::end: return ";";
    case Kind::error: return "!";
    case Kind::over: break;
  }
  return "";
}

std::vector<ConfigToken> tokens(std::string_view text) {
  Guarded bytes(text);
  ConfigLexer::Lookup lookup = environment;
  ConfigLexer lexer(bytes.view(), lookup);
  std::vector<ConfigToken> all;
  do all.push_back(lexer.next());
  while (all.back().kind != Kind::over);
  CHECK(lexer.next().kind == Kind::over);
  return all;
}

std::string lexed(std::string_view text) {
  std::string all;
  for (const ConfigToken& token : tokens(text)) all += shown(token);
  return all;
}

// The first error with its place: "2:5 what is wrong".
std::string error(std::string_view text) {
  for (const ConfigToken& token : tokens(text))
    if (token.kind == Kind::error)
      return std::to_string(token.place.line) + ":" + std::to_string(token.place.column) + " " + token.text;
  return "";
}

std::string places(std::string_view text) {
  std::string all;
  for (const ConfigToken& token : tokens(text))
    all += std::to_string(token.place.line) + ":" + std::to_string(token.place.column) + " ";
  return all;
}

constexpr std::string_view kExample =
    "workers auto\n"
    "mode    base      # or: process\n"
    "listen http :${PORT:-80} {\r\n"
    "    route / { files \"/srv/my site\"; index index.html; listing on }\n"
    "\ttext \"a\\n\\x41\"\n"
    "}\n";

}  // namespace

TEST_CASE("codec/config_lexer: words, braces and ends") {
  CHECK(lexed(kExample) ==
        "<workers><auto>;<mode><base>;<listen><http><:8080>{;<route></>{<files></srv/my site>;<index>"
        "<index.html>;<listing><on>};<text><a\nA>;};");
  CHECK(lexed("") == "");
  CHECK(lexed(" \t\r\n\n") == ";;");
  CHECK(lexed("a;b") == "<a>;<b>");
  CHECK(lexed("a{b}c") == "<a>{<b>}<c>");
  CHECK(lexed("route /{}") == "<route></>{}");
  CHECK(lexed("a\\b$c") == "<a\\b$c>");
  CHECK(lexed("\xff\xc3\xa4 \x80") == "<\xff\xc3\xa4><\x80>");
}

TEST_CASE("codec/config_lexer: a comment begins where a word could") {
  CHECK(lexed("#all\n # of it") == ";");
  CHECK(lexed("a # b\nc#d \"#\" \"\"#e") == "<a>;<c#d><#><#e>");
  CHECK(lexed("a;#b}\n}") == "<a>;;}");
}

TEST_CASE("codec/config_lexer: quotes keep all but the end of their line") {
  CHECK(lexed("\"a b;{}#\"") == "<a b;{}#>");
  CHECK(lexed("\"\"") == "<>");
  CHECK(lexed("a\"b c\"d\"\"") == "<ab cd>");
  CHECK(lexed("\"\\\"\\\\\\$\\n\\r\\t\\x00\\xfF\"") == std::string("<\"\\$\n\r\t\0\xff>", 10));
  CHECK(lexed("\"\\${HOME}\"") == "<${HOME}>");
  CHECK(lexed("\"\t\"") == "<\t>");
}

TEST_CASE("codec/config_lexer: variables stand for what the environment has, and are not cut") {
  CHECK(lexed("${HOME}/x \"${HOME} y\"") == "</root/x></root y>");
  CHECK(lexed("${NONE:-a b} ${EMPTY:-c}${EMPTY:-} ${EMPTY} ${PORT:-9}") == "<a b><c><><8080>");
  CHECK(lexed("${NONE:-a\"#;{b}c") == "<a\"#;{bc>");
  CHECK(lexed("${ODD}") == "<a b;{}#\"${HOME}\n>");
  CHECK(lexed("$HOME $ {HOME}") == "<$HOME><$>{<HOME>}");
}

TEST_CASE("codec/config_lexer: what can't be read is told with its place, and the rest is read") {
  CHECK(error("a\n \"b\nc") == "2:2 this quote is not closed on its line");
  CHECK(lexed("a\n \"b\nc") == "<a>;!<b>;<c>");
  CHECK(error("x \"a\\q\"").starts_with("1:5 in quotes a backslash"));
  CHECK(lexed("\"\\q\" y") == "!<q><y>");
  for (std::string_view bad : {"\"\\x4g\"", "\"\\x4\"", "\"\\x\"", "\"\\N\""})
    CHECK(error(bad).starts_with("1:2 "));
  CHECK(error("\"a\\") == "1:1 this quote is not closed on its line");
  CHECK(error("a ${NONE}") == "1:3 the environment has no NONE; ${NONE:-DEFAULT} does without");
  CHECK(error("${HOME").starts_with("1:1 this ${ is not closed"));
  CHECK(error("${HOME\n}").starts_with("1:1 this ${ is not closed"));
  CHECK(lexed("${HOME\n}") == "!<HOME>;}");
  for (std::string_view bad : {"${}", "${9A}", "${A-b}", "${a b}", "${:-x}", "${A:b}"})
    CHECK(error(bad).starts_with("1:1 this is no variable"));
  CHECK(error(std::string_view("a\0", 2)).starts_with("1:2 a control character"));
  CHECK(error("\x7f").starts_with("1:1 a control character"));
  CHECK(error("\"\x1b[2J\"").starts_with("1:2 a control character"));
}

TEST_CASE("codec/config_lexer: all errors of a word come before it, up to a number") {
  CHECK(lexed("\"\\a\\b\"${NONE} c") == "!!!<ab><c>");
  std::string many = "\"";
  for (int i = 0; i < 1000; i++) many += "\\q";
  CHECK(lexed(many + "\"").starts_with(std::string(ConfigLexer::kFaultsMax, '!') + "<qqq"));
}

TEST_CASE("codec/config_lexer: a place counts lines and characters") {
  CHECK(places("a b\n  c;d") == "1:1 1:3 1:4 2:3 2:4 2:5 2:6 ");
  CHECK(places("\xc3\xa4\xe2\x82\xac x") == "1:1 1:4 1:5 ");
  CHECK(places("\tx\r\ny") == "1:2 1:4 2:1 2:2 ");
}

TEST_CASE("codec/config_lexer: a word has a longest size") {
  std::string longest(ConfigLexer::kWordBytesMax, 'a');
  CHECK(lexed(longest) == "<" + longest + ">");
  CHECK(lexed(longest + "a b") == "!<" + longest + "><b>");
  CHECK(lexed("${LONG}${LONG} b").starts_with("!<xxx"));
}

TEST_CASE("codec/config_lexer: up to the place where a text ends it means the same") {
  std::vector<ConfigToken> whole = tokens(kExample);
  for (size_t size = 0; size < kExample.size(); size++) {
    CAPTURE(size);
    std::vector<ConfigToken> part = tokens(kExample.substr(0, size));
    // The last word may be cut, or be half of a quote or a variable.
    size_t sure = 0;
    while (sure < part.size() && sure < whole.size() && part[sure].kind == whole[sure].kind &&
           part[sure].text == whole[sure].text && part[sure].place == whole[sure].place)
      sure++;
    size_t last = part.size() - 1;
    for (size_t i = sure; i < last; i++) {
      bool at_the_end = part[i].kind == Kind::error || part[i].kind == Kind::word;
      CHECK(at_the_end);
    }
    CHECK(sure + 4 > last);
  }
}
