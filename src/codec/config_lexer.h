#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>

namespace oklo::codec {

// A place in the text of a configuration, both from 1. A column is a character of UTF-8.
struct ConfigPlace {
  uint32_t line = 1;
  uint32_t column = 1;
  friend auto operator<=>(const ConfigPlace&, const ConfigPlace&) = default;
};

struct ConfigToken {
  enum class Kind : uint8_t {
    word,
    open,   // {
    close,  // }
    end,    // of a directive: a line's end or a semicolon
    error,  // something there can't be read, and was passed over
    over,   // the end of the text, as often as one asks
  };
  Kind kind = Kind::over;
  ConfigPlace place;
  std::string text;  // of a word: what it means; of an error: what is wrong
};

// Cuts the text of a configuration file into words, braces and ends.
//
//   listen http :${PORT:-8080} {        # a word ends at a blank, a brace, a semicolon or a line's end
//     route / { files "/srv/my site" }  # quotes keep all that, on one line: \" \\ \$ \n \r \t \xHH
//   }
//
// ${NAME} and ${NAME:-DEFAULT} are replaced, in quotes, too; what comes out of them is never cut. DEFAULT
// ends at the first brace, and is taken where NAME is unset or empty. A number sign begins a comment where a
// word could begin. The errors of a word come before it, and the word is then not what was meant.
class ConfigLexer {
 public:
  // What stands for a name in the environment.
  using Lookup = Function<std::optional<std::string>(std::string_view name)>;
  static constexpr size_t kWordBytesMax = 65'535;
  static constexpr size_t kFaultsMax = 16;  // of one word; further ones are not told

  // Both outlive it.
  ConfigLexer(std::string_view text, const Lookup& lookup);

  ConfigToken next();

 private:
  void step();
  void skip_blanks();
  void fault(ConfigPlace place, std::string text);
  void put(std::string& word, std::string_view text);
  std::string read_word();
  void read_quoted(std::string& word);
  void read_escape(std::string& word);
  void read_variable(std::string& word);
  void read_plain(std::string& word);

  std::string_view rest_;
  const Lookup& lookup_;
  ConfigPlace place_;
  bool too_long_ = false;  // the word in hand, which was told
  std::vector<ConfigToken> waiting_;
};

}  // namespace oklo::codec
