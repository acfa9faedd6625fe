#include <algorithm>
#include <string>

#include "base/embedded.h"
#include "cli/commands.h"
#include "cli/mdoc_text.h"
#include "config/directive.h"
#include "config/reference.h"

namespace oklo::cli {

namespace {

// The manual pages, which stand in the binary as man/NAME.SECTION.
struct Page {
  std::string_view topic;
  std::string_view name;
  std::string_view section;
  std::string_view help;
};
constexpr std::string_view kDirectives = "conf";
constexpr Page kPages[] = {
    {"oklo", "oklo", "1", "the command: all flags, signals, exit codes"},
    {"library", "oklo", "3", "the library: how to write a server with it"},
    {"oklo.conf", "oklo.conf", "5", "the configuration file, and nginx in front"},
    {"source", "oklo-source", "7", "the source: what stands where, and why"},
};

// A line that explains what can be called: its name and its arguments, in a column of that width.
void add_line(std::string& text, size_t width, std::string_view name, std::string_view arguments,
              std::string_view help) {
  text.append("  ");
  size_t end = text.size() + width;
  text.append(name);
  if (!arguments.empty()) text.append(" ").append(arguments);
  if (text.size() < end) text.append(end - text.size(), ' ');
  text.append(help).append("\n");
}

std::string overview() {
  constexpr size_t kWidth = 30;
  std::string text = "oklo: a network server in one file\n\nusage: oklo COMMAND [WORDS AND FLAGS]\n\n";
  for (const Command& command : commands())
    add_line(text, kWidth, command.name, command.arguments, command.help);
  text += "\nthe configuration file:\n\n";
  add_line(text, kWidth, kDirectives, "[DIRECTIVE]", "all that it may say, or a part of it");
  text += "\nmanual pages:\n\n";
  for (const Page& page : kPages) add_line(text, kWidth, page.topic, "", page.help);
  return text + "\n`oklo help COMMAND` lists its flags, `oklo help conf listen` explains a directive,\n"
                "`oklo help oklo.conf` prints a manual page.\n";
}

// By topic, name, section, or as in "oklo.3" or "oklo(3)"; of one name, the first.
const EmbeddedFile* find_page(std::string_view topic) {
  for (const Page& page : kPages) {
    std::string file = std::string(page.name) + "." + std::string(page.section);
    std::string reference = std::string(page.name) + "(" + std::string(page.section) + ")";
    for (std::string_view name : {page.topic, page.name, page.section, std::string_view(file),
                                  std::string_view(reference)})
      if (name == topic) return find_embedded("man/" + file);
  }
  return nullptr;
}

int help_on_directives(const Options& options) {
  if (options.words.size() < 2) return show(mdoc_to_text(config::manual_list()));
  std::string_view name = options.words[1];
  if (std::string entry = config::manual_entry(name); !entry.empty()) return show(mdoc_to_text(entry));
  std::vector<std::string_view> known;
  for (const config::Directive& directive : config::directives()) known.push_back(directive.name);
  return complain(unknown_word("directive", name, known, kDirectives), kUsage);
}

}  // namespace

std::string help_of(const Command& command) {
  constexpr size_t kWidth = 34;
  std::string text = "usage: oklo " + std::string(command.name);
  if (!command.arguments.empty()) text += " " + std::string(command.arguments);
  if (command.kinds) text += " [FLAGS]";
  text += "\n\n" + std::string(command.help) + "\n";
  if (command.kinds) text += "\n";
  for (const Flag& flag : flags())
    if (flag.commands & command.kinds)
      add_line(text, kWidth, flag.name, flag.argument, flag.help);
  return text;
}

std::vector<std::string_view> help_topics() {
  std::vector<std::string_view> topics = {kDirectives};
  for (const Page& page : kPages) topics.push_back(page.topic);
  return topics;
}

int run_help(const Command&, const Options& options) {
  if (options.words.empty()) return show(overview());
  std::string_view topic = options.words[0];
  if (topic == kDirectives) return help_on_directives(options);
  if (options.words.size() > 1) return complain("too many words; see: oklo help help", kUsage);
  if (const Command* command = find_command(topic)) return show(help_of(*command));
  if (const EmbeddedFile* page = find_page(topic)) return show(mdoc_to_text(unpack(*page)));
  return complain("there is no help on " + std::string(topic) + "; see: oklo help", kUsage);
}

int run_version(const Command&, const Options&) {
  return show("oklo " + std::string(version()) + " (" __VERSION__ ")\n");
}

}  // namespace oklo::cli
