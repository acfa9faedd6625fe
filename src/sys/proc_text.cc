#include "sys/proc_text.h"

#include "base/ascii.h"
#include "base/number.h"

namespace oklo::sys {

namespace {

// What stands behind "NAME:" in the first line that begins so, without blanks around it.
std::optional<std::string_view> line_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    size_t colon = line.find(':');
    if (colon == line.npos) continue;
    if (trim(line.substr(0, colon)) == name) return trim(line.substr(colon + 1));
  }
  return std::nullopt;
}

std::optional<uint64_t> number_of(std::string_view text, std::string_view name) {
  std::optional<std::string_view> line = line_of(text, name);
  return line ? parse_decimal(line->substr(0, line->find(' '))) : std::nullopt;
}

}  // namespace

std::optional<TaskStatus> parse_status(std::string_view text) {
  std::optional<std::string_view> state = line_of(text, "State");
  std::optional<uint64_t> parent = number_of(text, "PPid");
  std::optional<uint64_t> voluntary = number_of(text, "voluntary_ctxt_switches");
  std::optional<uint64_t> involuntary = number_of(text, "nonvoluntary_ctxt_switches");
  if (!state || state->empty() || !parent || !voluntary || !involuntary) return std::nullopt;
  return TaskStatus{state->front(), static_cast<int>(*parent), *voluntary, *involuntary};
}

std::optional<uint64_t> parse_proportional_kib(std::string_view text) { return number_of(text, "Pss"); }

// x86 has a model name, some of the others a line of another name.
std::string parse_processor_name(std::string_view text) {
  for (std::string_view name : {"model name", "cpu model", "Processor", "Model", "Hardware"})
    if (std::optional<std::string_view> line = line_of(text, name); line && !line->empty())
      return std::string(*line);
  return {};
}

std::optional<uint64_t> parse_memory_kib(std::string_view text) { return number_of(text, "MemTotal"); }

}  // namespace oklo::sys
