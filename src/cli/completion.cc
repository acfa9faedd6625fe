#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "cli/commands.h"
#include "config/directive.h"

namespace oklo::cli {

namespace {

// What stands around the words: the shell completes names of files where there are none.
constexpr std::string_view kBegin = R"(# Completion for bash: source <(oklo completion bash)
_oklo() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
  case $COMP_CWORD:${COMP_WORDS[1]}:$before in
)";
constexpr std::string_view kEnd = R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _oklo oklo
)";

std::string row(const std::string& pattern, const std::string& words) {
  return "    " + pattern + ") words=\"" + words + "\" ;;\n";
}

// Those of "base|process" or "off|FILE" that are words themselves; capitals stand for something else.
std::string words_among(std::string_view argument) {
  std::string words;
  while (!argument.empty()) {
    size_t end = std::min(argument.find('|'), argument.size());
    std::string_view one = argument.substr(0, end);
    argument.remove_prefix(std::min(end + 1, argument.size()));
    if (one[0] == to_lower(one[0])) words.append(words.empty() ? "" : " ").append(one);
  }
  return words;
}

template <class List>
std::string names_of(const List& list) {
  std::string names;
  for (const auto& one : list)
    if ((" " + names + " ").find(" " + std::string(one.name) + " ") == names.npos)
      names.append(names.empty() ? "" : " ").append(one.name);
  return names;
}

std::string bash_completion() {
  std::string text(kBegin);
  text += row("1:*", names_of(commands()));
  for (const Flag& flag : flags())
    if (!flag.argument.empty()) text += row("*:" + std::string(flag.name), words_among(flag.argument));
  std::string topics = names_of(commands());
  for (std::string_view topic : help_topics()) topics.append(" ").append(topic);
  text += row("2:help:*", topics);
  text += row("3:help:conf", names_of(config::directives()));
  text += row("*:completion:*", "bash");
  std::string models;
  for (std::string_view name : model_names()) models.append(models.empty() ? "" : " ").append(name);
  text += row("2:model:*", models);
  text += row("2:init-script:*", "systemd openrc procd");
  for (const Command& command : commands()) {
    std::vector<Flag> known;
    for (const Flag& flag : flags())
      if (flag.commands & command.kinds) known.push_back(flag);
    if (!known.empty()) text += row("*:" + std::string(command.name) + ":*", names_of(known));
  }
  return text + std::string(kEnd);
}

}  // namespace

int run_completion(const Command&, const Options& options) {
  if (options.words.empty() || options.words[0] != "bash")
    return complain("for which shell? There is: oklo completion bash", kUsage);
  return show(bash_completion());
}

}  // namespace oklo::cli
