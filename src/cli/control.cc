#include <string>

#include "cli/commands.h"
#include "process/control_client.h"

namespace oklo::cli {

namespace {

// The socket that was named, or the only one there is.
Result<std::string> choose_socket(const Options& options) {
  if (!options.server.control.empty()) return options.server.control;
  std::vector<std::string> running = running_services();
  if (running.size() == 1) return running[0];
  if (running.empty()) return Error{0, "no running oklo was found; name its control socket with --control"};
  std::string text = "more than one oklo runs; choose with --control:";
  for (const std::string& path : running) text += " " + path;
  return Error{0, text};
}

}  // namespace

int run_control(const Command& command, const Options& options) {
  Result<std::string> socket = choose_socket(options);
  if (!socket) return complain(socket.error().text, kFailed);
  Result<ControlAnswer> answer =
      send_command(*socket, std::string(command.name) + (options.json ? " json" : ""));
  if (!answer) return complain(answer.error().text, kFailed);
  std::string text = answer->text;
  while (text.ends_with('\n')) text.pop_back();
  if (!answer->ok) return complain(std::string(command.name) + " failed: " + text, kFailed);
  return command.name == "health" || text.empty() ? kDone : show(text + "\n");
}

}  // namespace oklo::cli
