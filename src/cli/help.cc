#include <algorithm>
#include <string>

#include "base/embedded.h"
#include "cli/commands.h"
#include "cli/mdoc_text.h"
#include "sys/stderr.h"

namespace oklo::cli {

namespace {

std::string padded(std::string_view text, size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string overview() {
  std::string text = "oklo: a network server in one file\n\nusage: oklo COMMAND [WORDS AND FLAGS]\n\n";
  for (const Command& command : commands()) {
    std::string call = std::string(command.name) + " " + std::string(command.arguments);
    text += "  " + padded(call, 30) + std::string(command.help) + "\n";
  }
  return text + "\n`oklo help COMMAND` lists its flags, `oklo help oklo` is the manual.\n";
}

std::string help_of(const Command& command) {
  std::string text = "usage: oklo " + std::string(command.name);
  if (!command.arguments.empty()) text += " " + std::string(command.arguments);
  if (command.kinds) text += " [FLAGS]";
  text += "\n\n" + std::string(command.help) + "\n";
  if (command.kinds) text += "\n";
  for (const Flag& flag : flags())
    if (flag.commands & command.kinds)
      text += "  " + padded(std::string(flag.name) + " " + std::string(flag.argument), 34) +
              std::string(flag.help) + "\n";
  return text;
}

// The manual pages stand in the binary as man/NAME.SECTION.
const EmbeddedFile* find_page(std::string_view topic) {
  constexpr std::string_view kRoom = "man/";
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with(kRoom)) continue;
    std::string_view name = file.name.substr(kRoom.size());
    if (name == topic || name.substr(0, name.rfind('.')) == topic) return &file;
  }
  return nullptr;
}

}  // namespace

int run_help(const Command&, const Options& options) {
  if (options.words.empty()) {
    sys::print(1, overview());
    return kDone;
  }
  std::string_view topic = options.words[0];
  if (const Command* command = find_command(topic)) sys::print(1, help_of(*command));
  else if (const EmbeddedFile* page = find_page(topic)) sys::print(1, mdoc_to_text(page->bytes));
  else return complain("there is no help on " + std::string(topic) + "; see: oklo help", kUsage);
  return kDone;
}

int run_version(const Command&, const Options&) {
  sys::print(1, "oklo " + std::string(version()) + " (" __VERSION__ ")\n");
  return kDone;
}

}  // namespace oklo::cli
