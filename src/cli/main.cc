#include <algorithm>

#include "cli/commands.h"

int main(int argc, char** argv) {
  std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  return oklo::cli::run_command_line(words);
}
