#include <algorithm>
#include <string>

#include "base/number.h"
#include "cli/commands.h"
#include "lab/gallery.h"
#include "process/exit_code.h"
#include "sys/process.h"
#include "sys/stderr.h"

namespace oklo::cli {

namespace {

using models::Model;

const std::vector<Model>& known_models() { return lab::gallery(); }

std::string list() {
  size_t width = 0;
  for (const Model& model : known_models()) width = std::max(width, model.name.size());
  std::string text;
  for (const Model& model : known_models())
    text.append(model.name).append(width + 2 - model.name.size(), ' ').append(model.line).append("\n");
  return text + "\n`oklo model NAME [ADDRESS]` runs one, by default on :8080.\n";
}

// The texts say 8080.
std::string with_port(std::string text, uint16_t port) {
  constexpr std::string_view kWritten = "8080";
  const std::string wanted = decimal(port);
  for (size_t at = 0; port && (at = text.find(kWritten, at)) != text.npos; at += wanted.size())
    text.replace(at, kWritten.size(), wanted);
  return text;
}

void introduce(const Model& model, const sys::Address& address) {
  sys::print(2, "oklo: " + std::string(model.name) + " serves on " + address.to_string() + "\ntry: " +
                    with_port(std::string(model.try_this), address.port()) + "\n");
}

int run(const Model& model, const sys::Address& address, unsigned workers) {
  sys::raise_file_limit();
  models::Stage stage{address, workers, [&model](const sys::Address& own) { introduce(model, own); }};
  Result<void> ended = model.run(stage);
  if (ended) return kDone;
  const Error& error = ended.error();
  return complain(error.text + std::string(advice(error.number)), exit_code_of(error.number));
}

}  // namespace

std::vector<std::string_view> model_names() {
  std::vector<std::string_view> names;
  for (const Model& model : known_models()) names.push_back(model.name);
  return names;
}

int run_model(const Command& command, const Options& options) {
  if (options.words.empty()) return show(list());
  std::string_view name = options.words[0];
  auto model = std::find_if(known_models().begin(), known_models().end(),
                            [name](const Model& known) { return known.name == name; });
  if (model == known_models().end())
    return complain(unknown_word("model", name, model_names(), command.name), kUsage);
  Result<sys::Address> address = sys::Address::parse(options.words.size() > 1 ? options.words[1] : ":8080");
  if (!address) return complain(address.error().text, kUsage);
  return run(*model, *address, options.model_workers);
}

}  // namespace oklo::cli
