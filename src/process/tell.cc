#include "process/tell.h"

#include <algorithm>

#include "process/status_json.h"
#include "process/status_metrics.h"
#include "process/status_table.h"
#include "process/status_top.h"

namespace oklo {

namespace {

// Takes the first word and the blank behind it.
std::string_view take_word(std::string_view& text) {
  size_t end = std::min(text.find(' '), text.size());
  std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

Result<std::string> tell(std::string_view command, const ServiceView& view) {
  const auto& [scoreboard, connections, tasks, version, leaving] = view;
  ConnectionSources all = {{scoreboard, connections}};
  for (const ConnectionSource& one : leaving) all.push_back(one);
  std::string_view words = command;
  std::string_view what = take_word(words);
  if (command == "status") return status_table(scoreboard, version, tasks);
  if (command == "status json") return status_json(scoreboard, version, tasks);
  if (command == "metrics") return status_metrics(scoreboard, connections, version, tasks);
  if (what == "top") return status_top(scoreboard, all, version, words);
  if (what != "connections") return Error{0, "unknown command: " + std::string(command)};
  bool as_json = words == "json" || words.starts_with("json ");
  if (as_json) take_word(words);
  return tell_connections(all, words, as_json);
}

}  // namespace oklo
