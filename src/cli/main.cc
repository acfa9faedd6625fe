#include "cli/commands.h"
#include "sys/title.h"

int main(int argc, char** argv) {
  std::vector<std::string_view> words(argv + 1, argv + argc);
  std::vector<std::string> owned(words.begin(), words.end());
  words.assign(owned.begin(), owned.end());
  oklo::sys::save_title_space(argc, argv);
  return oklo::cli::run_command_line(words);
}
