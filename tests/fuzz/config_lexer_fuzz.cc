#include "codec/config_lexer.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;
using Kind = ConfigToken::Kind;

namespace {

std::vector<ConfigToken> tokens(std::string_view text) {
  Guarded bytes(text);
  ConfigLexer::Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2) return std::nullopt;
    return std::string(name) + " ;{}\"${A}";
  };
  ConfigLexer lexer(bytes.view(), lookup);
  std::vector<ConfigToken> all;
  ConfigPlace before;
  do {
    all.push_back(lexer.next());
    if (all.back().kind == Kind::error) OKLO_ASSERT(!all.back().text.empty());
    else OKLO_ASSERT(before <= all.back().place);
    if (all.back().kind != Kind::error) before = all.back().place;
    OKLO_ASSERT(all.back().text.size() <= ConfigLexer::kWordBytesMax && all.size() <= 17 * text.size() + 1);
  } while (all.back().kind != Kind::over);
  return all;
}

// The same words in quotes.
std::string written(const std::vector<ConfigToken>& from) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const ConfigToken& token : from) {
    if (token.kind == Kind::open) text += "{ ";
    if (token.kind == Kind::close) text += "} ";
    if (token.kind == Kind::end) text += "\n";
    if (token.kind != Kind::word) continue;
    text += '"';
    for (char c : token.text) {
      unsigned char byte = static_cast<unsigned char>(c);
      text.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
    text += "\" ";
  }
  return text;
}

}  // namespace

// Whatever can be read can be written so that it is read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<ConfigToken> first = tokens({reinterpret_cast<const char*>(data), size});
  std::vector<ConfigToken> second = tokens(written(first));
  std::erase_if(first, [](const ConfigToken& token) { return token.kind == Kind::error; });
  OKLO_ASSERT(first.size() == second.size());
  for (size_t i = 0; i < first.size(); i++)
    OKLO_ASSERT(first[i].kind == second[i].kind && first[i].text == second[i].text);
  return 0;
}
