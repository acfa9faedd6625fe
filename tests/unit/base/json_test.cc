#include "base/json.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using oklo::json_array;
using oklo::JsonObject;
using oklo::json_text;

TEST_CASE("base/json: members of each kind") {
  CHECK(JsonObject().end() == "{}");
  CHECK(JsonObject().text("a", "b").end() == R"({"a":"b"})");
  CHECK(JsonObject().text("a", "").number("n", 0).number("m", UINT64_MAX).end() ==
        R"({"a":"","n":0,"m":18446744073709551615})");
  CHECK(JsonObject().truth("t", true).truth("f", false).end() == R"({"t":true,"f":false})");
  CHECK(JsonObject().json("list", "[1]").json("o", JsonObject().text("x", "y").end()).end() ==
        R"({"list":[1],"o":{"x":"y"}})");
}

TEST_CASE("base/json: what would end or break a text is escaped") {
  CHECK(JsonObject().text("t", "\"\\\n\t\r\x1f").end() == R"({"t":"\"\\\n\t\u000d\u001f"})");
  CHECK(JsonObject().text("t", std::string_view("\0", 1)).end() == R"({"t":"\u0000"})");
  CHECK(JsonObject().text("t", "ä日😀</script>").end() == "{\"t\":\"ä日😀</script>\"}");
  for (int c = 0; c < 0x20; c++) {
    std::string out = JsonObject().text("t", std::string(1, static_cast<char>(c))).end();
    for (char byte : out) CHECK(static_cast<unsigned char>(byte) >= 0x20);
  }
}

TEST_CASE("base/json: arrays") {
  CHECK(json_array(std::vector<std::string>{}) == "[]");
  CHECK(json_array(std::vector<std::string>{"1"}) == "[1]");
  CHECK(json_array(std::vector<std::string>{"{}", "2"}) == "[{},2]");
}

TEST_CASE("base/json: names are escaped as texts are") {
  CHECK(JsonObject().number("a\"b\n", 1).end() == R"({"a\"b\n":1})");
}

TEST_CASE("base/json: a text alone") {
  CHECK(json_text("") == "\"\"");
  CHECK(json_text("a\"b\n") == R"("a\"b\n")");
}
