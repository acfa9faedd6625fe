#include "lab/lab.h"

#include <algorithm>
#include <string>

#include "base/number.h"
#include "cli/commands.h"
#include "cli/lab_json.h"
#include "cli/progress_line.h"
#include "lab/gallery.h"
#include "lab/page.h"
#include "lab/picture.h"
#include "lab/report_text.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/terminal.h"
#include "sys/unnamed_file.h"

namespace oklo::cli {

namespace {

constexpr unsigned kFileMode = 0644;

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names;
  for (const models::Model& model : lab::gallery()) names.push_back(model.name);
  for (const auto& experiment : experiments::catalogue()) names.push_back(experiment.name);
  return names;
}

// What the words name, in the order of the story; all, when there are none. The error names a wrong one.
Result<lab::Order> order_of(const Options& options) {
  lab::Order order;
  order.seconds = static_cast<double>(options.lab.load_ms) / 1000;
  order.rounds = options.lab.rounds;
  if (!options.lab.connections.empty()) order.connections = options.lab.connections;
  for (std::string_view word : options.words)
    if (!lab::find_model(word) && !lab::find_experiment(word))
      return Error{0, unknown_word("model or experiment", word, known_names(), "lab")};
  auto wanted = [&](std::string_view name) {
    return options.words.empty() || std::find(options.words.begin(), options.words.end(), name) !=
                                        options.words.end();
  };
  for (const models::Model& model : lab::gallery())
    if (wanted(model.name)) order.models.push_back(&model);
  for (const auto& experiment : experiments::catalogue())
    if (wanted(experiment.name)) order.experiments.push_back(&experiment);
  return order;
}

// As much of it as one line of the terminal has room for.
std::string step_text(const lab::Step& step) {
  std::string line = decimal(step.number) + " of " + decimal(step.of) + ": " + std::string(step.name) + ", " +
                     step.what;
  return line.substr(0, sys::terminal_size(2).columns - 1);
}

lab::Report run_visibly(lab::Interrupts& interrupts, const lab::Order& order) {
  if (!sys::is_terminal(2)) return lab::run(interrupts, order, {});
  ProgressLine line;
  return lab::run(interrupts, order, [&line](const lab::Step& step) { line.show(step_text(step)); });
}

int save(const std::string& path, std::string_view bytes) {
  sys::remove_file(path.c_str());
  long failed = sys::save_bytes(bytes, path.c_str(), kFileMode);
  return failed < 0 ? complain(system_error(static_cast<int>(-failed), "cannot write " + path).text, kFailed)
                    : kDone;
}

// Files keep what a whole run has put there before.
int save_files(const Options& options, const lab::Report& report) {
  int code = kDone;
  if (!options.lab.svg.empty()) code = std::max(code, save(options.lab.svg, lab::picture(report)));
  if (!options.lab.html.empty()) code = std::max(code, save(options.lab.html, lab::page(report)));
  return code;
}

}  // namespace

int run_lab(const Command&, const Options& options) {
  Result<lab::Order> order = order_of(options);
  if (!order) return complain(order.error().text, kUsage);
  Result<lab::Interrupts> interrupts = lab::Interrupts::create();
  if (!interrupts) return complain(interrupts.error().text, kFailed);
  lab::Report report = run_visibly(*interrupts, *order);
  int code = show(options.json ? lab_json(report) : lab::report_text(report));
  if (report.interrupted) return complain("lab: interrupted", kFailed);
  return std::max(code, save_files(options, report));
}

}  // namespace oklo::cli
