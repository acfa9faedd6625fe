#include "cli/commands.h"

#include <algorithm>
#include <string>

#include "sys/stderr.h"

namespace oklo::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = {
      {"serve", "[ADDRESS] [DIRECTORY]", "serve a directory, by default . on :8080", kServes | kFiles, 2,
       run_serve},
      {"demo", "[ADDRESS]", "show what oklo does, by default on 127.0.0.1:8080", kServes | kEchoes, 1,
       run_demo},
      {"start", "", "run what a configuration file says", kStarts | kReads, 0, run_start},
      {"check", "", "say all that is wrong with a configuration file", kReads, 0, run_check},
      {"stop", "", "stop a running oklo, when all under way is finished", kControls, 0, run_control},
      {"reload", "", "have a running oklo read its configuration again, without losing a connection",
       kControls, 0, run_control},
      {"diff", "", "say what a reload would change", kControls, 0, run_control},
      {"scale", "N", "give a running oklo so many workers", kControls, 1, run_scale},
      {"reopen", "", "open the logs anew, after they were moved away", kControls, 0, run_control},
      {"status", "", "show the workers of a running oklo", kControls | kShows, 0, run_control},
      {"connections", "", "show the connections of a running oklo", kControls | kShows | kSorts | kFilters, 0,
       run_connections},
      {"top", "", "watch a running oklo in a terminal", kControls | kSorts | kWatches, 0, run_top},
      {"metrics", "", "show the counters of a running oklo, for Prometheus", kControls, 0, run_control},
      {"health", "", "exit 0 when a running oklo answers, else 1", kControls, 0, run_control},
      {"bench", "URL", "put load on a server of http, ws or tcp, and measure it", kLoads | kShows, 1,
       run_bench},
      {"init-script", "KIND [-- WORDS]", "print what starts a service: for systemd, openrc or procd", 0, 256,
       run_init_script},
      {"model", "[NAME] [ADDRESS]", "serve in one of the ways to build a server, or list them", kModels, 2,
       run_model},
      {"lab", "[NAME...]", "measure all ways to serve side by side, and show how servers fail", kMeasures, 64,
       run_lab},
      {"help", "[TOPIC]", "explain a command or a directive, or print a manual page", 0, 2, run_help},
      {"completion", "bash", "print what makes a shell complete these words", 0, 1, run_completion},
      {"version", "", "print the version", 0, 0, run_version},
  };
  return kCommands;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : commands())
    if (command.name == name) return &command;
  return nullptr;
}

int complain(std::string_view text, int exit_code) {
  sys::print(2, "oklo: " + std::string(text) + "\n");
  return exit_code;
}

int show(std::string_view text) {
  return sys::print(1, text) ? kDone : complain("cannot write to stdout; is the disk full?", kFailed);
}

namespace {

bool is_help(std::string_view word) { return word == "--help" || word == "-h"; }

// Behind "--" there are the words of another command.
bool asks_for_help(const std::vector<std::string_view>& words) {
  return std::any_of(words.begin(), std::find(words.begin(), words.end(), "--"), is_help);
}

}  // namespace

int run_command_line(const std::vector<std::string_view>& words) {
  std::string_view name = words.empty() ? "help" : words[0];
  if (is_help(name)) name = "help";
  if (name == "--version") name = "version";
  const Command* command = find_command(name);
  if (!command) {
    std::vector<std::string_view> names;
    for (const Command& known : commands()) names.push_back(known.name);
    return complain(unknown_word("command", name, names, ""), kUsage);
  }
  std::vector<std::string_view> rest(words.empty() ? words.begin() : words.begin() + 1, words.end());
  if (asks_for_help(rest)) return show(help_of(*command));
  Result<Options> options = parse_options(name, command->kinds, rest);
  if (!options) return complain(options.error().text, kUsage);
  if (options->words.size() > command->words_max)
    return complain("too many words; see: oklo help " + std::string(name), kUsage);
  return command->run(*command, *options);
}

}  // namespace oklo::cli
