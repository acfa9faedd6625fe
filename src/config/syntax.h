#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/config_lexer.h"
#include "config/faults.h"

namespace oklo::config {

struct Word {
  std::string text;
  Place place;
};

// A directive: its name, its words, and perhaps a block in braces.
struct Statement {
  std::vector<Word> words;  // the name is the first
  bool has_block = false;
  bool broken = false;      // a word of it could not be read, which was told
  std::vector<Statement> block;

  const std::string& name() const { return words[0].text; }
  Place place() const { return words[0].place; }
};

inline constexpr unsigned kNestingMax = 16;  // blocks within blocks

// The statements of a source; what is wrong with it is added to the faults.
std::vector<Statement> read_syntax(Faults& faults, uint32_t source, const codec::ConfigLexer::Lookup& lookup);

}  // namespace oklo::config
