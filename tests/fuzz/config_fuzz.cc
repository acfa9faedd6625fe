#include <cstdint>
#include <string>

#include "base/assert.h"
#include "config/reader.h"
#include "config/values.h"

using namespace oklo;
using namespace oklo::config;

namespace {

// What holds of a configuration without a fault.
void check(Config& config) {
  OKLO_ASSERT(!config.listeners.empty());
  for (Listener& listener : config.listeners) {
    OKLO_ASSERT(listener.kind != Listener::Kind::http || !listener.routes.empty());
    OKLO_ASSERT(listener.kind == Listener::Kind::http || listener.answer != Answer::none);
    Route none;
    Target target = {&config, &listener, listener.routes.empty() ? &none : &listener.routes[0]};
    for (const Directive& directive : directives())
      if (directive.to.number) OKLO_ASSERT(number_for(directive, value_text(directive, target)));
    for (const Route& route : listener.routes)
      OKLO_ASSERT(route.pattern.starts_with('/') && route.answer != Answer::none);
  }
}

}  // namespace

// A configuration of one file. It is right, or it is told what is wrong, at places that are there.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Faults faults;
  faults.add_source("f", std::string(reinterpret_cast<const char*>(data), size));
  codec::ConfigLexer::Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name == "PORT" ? std::optional<std::string>("8080") : std::nullopt;
  };
  std::vector<Statement> statements = read_syntax(faults, 0, lookup);
  Meaning meaning = read_meaning(faults, statements);
  OKLO_ASSERT(faults.empty() == faults.to_text().empty());
  for (char c : faults.to_text())
    OKLO_ASSERT(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20);
  if (faults.empty()) check(meaning.config);
  return 0;
}
