#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/destination.h"

namespace oklo::config {

// In which blocks a directive stands: bits.
enum Block : unsigned { kTop = 1, kHttp = 2, kTcp = 4, kUdp = 8, kRoute = 16, kEverywhere = 31 };

// What stands behind the name of a directive.
enum class Type : uint8_t {
  mark,       // nothing: the name says it
  flag,       // on or off
  count,
  difference,  // a number that may be below 0, as far as above
  size,       // bytes
  time,       // kept in milliseconds
  seconds,    // a time, kept in seconds
  choice,     // one of some words
  name,
  text,
  directory,  // that is there; kept as a path from the root of the source
  served,     // the same, but in the chroot, where there is one
  file,       // in a directory that is there, or one of some words
  log,        // a file, or another LogPlace
  user,       // that there is
  group,      // that there is
  texts,      // some, and it may stand again
  networks,   // some, and it may stand again
  rule,       // the same, kept with the name of the directive in front of each
  field,      // the name and the value of a field; it may stand again
  redirect,   // a URL, and perhaps a status
  listen,     // kind, address, block
  route,      // pattern, block
  include,    // which the files are read with
};

struct Choice {
  std::string_view word;
  uint64_t value = 0;
};

// Of a number, in the units that it is kept in; of a text, its bytes. `zero` is what one writes for 0 or an
// empty text.
struct Limits {
  uint64_t least = 0;
  uint64_t most = 0;
  std::string_view zero = {};
};

constexpr unsigned bit(Answer answer) { return 1u << static_cast<unsigned>(answer); }

// One row of the table of all that a configuration file may say: from it come parser, limits, defaults, help,
// completion and manual.
struct Directive {
  std::string_view name;
  unsigned blocks;
  Type type;
  Destination to;
  Limits limits;
  std::string_view help;
  std::span<const Choice> choices = {};
  Answer answer = Answer::none;  // which it makes the answer of its block
  unsigned answers = 0;          // with which alone it makes sense: bits; 0: with any

  bool has_block() const { return type == Type::listen || type == Type::route; }
  bool may_repeat() const {
    return has_block() || to.texts || to.fields || type == Type::include;
  }
};

std::span<const Directive> directives();

// The directive of that name in that block, or nullptr.
const Directive* find_directive(std::string_view name, Block block);

// The names of those directives of a block that choose one of these answers: bits.
std::vector<std::string_view> names_of_answers(Block block, unsigned answers);

// "the top", "listen tcp" and so on.
std::string_view block_name(Block block);
inline constexpr Block kBlocks[] = {kTop, kHttp, kTcp, kUdp, kRoute};

}  // namespace oklo::config
