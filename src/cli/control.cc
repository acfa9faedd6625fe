#include <string>

#include "cli/commands.h"
#include "process/connection_query.h"
#include "process/control_client.h"

namespace oklo::cli {

namespace {

// Sends it, and shows the answer.
int ask(const Command& command, const Options& options, const std::string& words) {
  Result<std::string> socket = choose_socket(options);
  if (!socket) return complain(socket.error().text, kFailed);
  Result<ControlAnswer> answer = send_command(*socket, std::string(command.name) + words);
  if (!answer) return complain(answer.error().text, kFailed);
  std::string text = answer->text;
  while (text.ends_with('\n')) text.pop_back();
  if (!answer->ok) return complain(std::string(command.name) + " failed: " + text, kFailed);
  return command.name == "health" || text.empty() ? kDone : show(text + "\n");
}

}  // namespace

Result<std::string> choose_socket(const Options& options) {
  if (!options.server.control.empty()) return options.server.control;
  std::vector<std::string> running = running_services();
  if (running.size() == 1) return running[0];
  if (running.empty()) return Error{0, "no running oklo was found; name its control socket with --control"};
  std::string text = "more than one oklo runs; choose with --control:";
  for (const std::string& path : running) text += " " + path;
  return Error{0, text};
}

int run_control(const Command& command, const Options& options) {
  return ask(command, options, options.json ? " json" : "");
}

int run_scale(const Command& command, const Options& options) {
  if (options.words.empty()) return complain("scale wants a number of workers", kUsage);
  return ask(command, options, " " + std::string(options.words[0]));
}

int run_connections(const Command& command, const Options& options) {
  std::string_view words = options.query;
  if (!words.empty()) words.remove_prefix(1);
  if (Result<ConnectionQuery> query = parse_connection_query(words); !query)
    return complain("connections: " + query.error().text, kUsage);
  return ask(command, options, (options.json ? " json" : "") + options.query);
}

}  // namespace oklo::cli
