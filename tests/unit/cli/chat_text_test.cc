#include "cli/chat_text.h"

#include <doctest/doctest.h>

#include "base/utf8.h"

using namespace oklo;
using cli::clean_line;
using cli::clean_message;

TEST_CASE("cli/chat_text: a name is one line without what can't be seen") {
  CHECK(clean_line("Ada", 24) == "Ada");
  CHECK(clean_line("  Ada \t\n Byron  ", 24) == "Ada Byron");
  CHECK(clean_line("\u3000Ada\u00a0\u2003Byron\u2028", 24) == "Ada Byron");
  CHECK(clean_line("A\u200bd\u200da\ufeff\u00ad\u0301", 24) == "Ada\u0301");
  // Nothing turns around what stands beside it.
  CHECK(clean_line("\u202eadA\u2069", 24) == "adA");
  CHECK(clean_line(std::string_view("A\0d\x1b\x7f\u0085\u0001a", 9), 24) == "Ad a");
  CHECK(clean_line("\U000e0041Ada\u2800\u3164", 24) == "Ada");
  for (std::string_view nothing : {"", " ", "\u200b", " \u2060 \n"}) CHECK(clean_line(nothing, 24).empty());
}

TEST_CASE("cli/chat_text: a name is cut between characters") {
  CHECK(clean_line("abcdef", 3) == "abc");
  CHECK(clean_line("äöüß", 3) == "äöü");
  CHECK(clean_line("日本語です", 2) == "日本");
  CHECK(clean_line("😀😀😀", 2) == "😀😀");
  CHECK(clean_line("ab cd", 3) == "ab");
  CHECK(clean_line("ab cd", 4) == "ab c");
  CHECK(clean_line("abc", 0) == "");
  std::string mixed;
  for (int i = 0; i < 40; i++) mixed += "aä日😀 ";
  for (size_t max = 0; max < 60; max++) CHECK(valid_utf8(clean_line(mixed, max)));
}

TEST_CASE("cli/chat_text: a message keeps its lines and its signs") {
  CHECK(clean_message("one\n\ttwo") == "one\n\ttwo");
  CHECK(clean_message(" one \n\n\t ") == " one");
  CHECK(clean_message("<b>\"&'\\</b>") == "<b>\"&'\\</b>");
  CHECK(clean_message("👨\u200d👩\u200d👧 ❤\ufe0f") == "👨\u200d👩\u200d👧 ❤\ufe0f");
  CHECK(clean_message(std::string_view("a\0b\r\x1b[31m\x7f\u009b", 12)) == "ab[31m");
  CHECK(clean_message(" \n\t\n").empty());
  CHECK(clean_message("").empty());
}

TEST_CASE("cli/chat_text: ASCII letters are folded, others are not touched") {
  CHECK(cli::fold("Ada Ä 日") == "ada Ä 日");
}
