#include "config/reference.h"

#include "base/ascii.h"
#include "config/values.h"

namespace oklo::config {

namespace {

constexpr size_t kColumns = 80;  // of a line of mdoc, that mandoc(1) finds no fault with

char to_upper(char c) { return is_alpha(c) ? static_cast<char>(to_lower(c) - 'a' + 'A') : c; }

void wrap(std::string& text) {
  size_t begin = 0;
  while (text.size() - begin > kColumns) {
    size_t blank = text.rfind(' ', begin + kColumns);
    if (blank == text.npos || blank < begin) return;
    text[blank] = '\n';
    begin = blank + 1;
  }
}

// A sentence of text for mdoc, in which a backslash is written "\e".
std::string sentence(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\') out += "\\e";
    else out.push_back(c);
  }
  out[0] = to_upper(out[0]);
  out.push_back('.');
  wrap(out);
  return out + "\n";
}

// "Default: 30s; from 1s to 7d." An upper limit that is that of the machine is none.
std::string bounds(const Directive& directive) {
  const Limits& limits = directive.limits;
  std::string text = default_text(directive);
  if (!text.empty()) text = "default: " + text;
  if (!directive.to.number || limits.most == 0) return text;
  text += "; from " + least_text(directive);
  return limits.most >= INT32_MAX ? text + " on" : text + " to " + number_text(directive, limits.most);
}

std::string names_of(unsigned answers) {
  std::string text;
  for (std::string_view name : names_of_answers(kRoute, answers))
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::string item(const Directive& directive) {
  std::string argument = argument_of(directive);
  std::string text = ".It Ic " + std::string(directive.name);
  if (!argument.empty()) text += " Ar " + argument;
  text += "\n" + sentence(directive.help);
  if (std::string line = bounds(directive); !line.empty()) text += sentence(line);
  if (directive.answers) text += sentence("with " + names_of(directive.answers));
  return text;
}

std::string list_of(Block block, std::string_view name) {
  std::string items;
  for (const Directive& directive : directives()) {
    bool elsewhere = directive.type == Type::include && block != kTop;
    if ((directive.blocks & block) && !elsewhere && (name.empty() || directive.name == name))
      items += item(directive);
  }
  if (items.empty()) return {};
  std::string heading = block == kTop ? "Outside of all blocks" : "Inside " + std::string(block_name(block));
  return ".Ss " + heading + "\n.Bl -tag -width Ds\n" + items + ".El\n";
}

}  // namespace

std::string manual_list() { return manual_entry({}); }

std::string manual_entry(std::string_view name) {
  std::string text;
  for (Block block : kBlocks) text += list_of(block, name);
  return text;
}

}  // namespace oklo::config
