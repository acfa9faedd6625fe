#pragma once

#include <string_view>
#include <vector>

#include "cli/options.h"

namespace oklo::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 100;

// One row for each command of the binary. `run` gives the exit code of the process.
struct Command {
  std::string_view name;
  std::string_view arguments;
  std::string_view help;
  unsigned kinds;      // which flags it knows
  size_t words_max;    // that are no flags
  int (*run)(const Command& command, const Options& options);
};
const std::vector<Command>& commands();
const Command* find_command(std::string_view name);

// Runs what a command line asks for.
int run_command_line(const std::vector<std::string_view>& words);

// The control socket that was named, or the only one there is.
Result<std::string> choose_socket(const Options& options);
// How the command is called, and its flags.
std::string help_of(const Command& command);
// What `oklo help` explains beside commands.
std::vector<std::string_view> help_topics();
// What `oklo model` runs.
std::vector<std::string_view> model_names();

// Prints "oklo: TEXT" on stderr and gives the exit code back.
int complain(std::string_view text, int exit_code);
// Prints the text on stdout; the exit code of a command that does nothing else.
int show(std::string_view text);

int run_serve(const Command& command, const Options& options);
int run_demo(const Command& command, const Options& options);
int run_start(const Command& command, const Options& options);
int run_check(const Command& command, const Options& options);
int run_completion(const Command& command, const Options& options);
int run_control(const Command& command, const Options& options);
int run_init_script(const Command& command, const Options& options);
int run_scale(const Command& command, const Options& options);
int run_connections(const Command& command, const Options& options);
int run_top(const Command& command, const Options& options);
int run_bench(const Command& command, const Options& options);
int run_model(const Command& command, const Options& options);
int run_help(const Command& command, const Options& options);
int run_lab(const Command& command, const Options& options);
int run_version(const Command& command, const Options& options);

}  // namespace oklo::cli
