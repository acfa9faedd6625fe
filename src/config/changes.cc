#include "config/changes.h"

#include <algorithm>
#include <iterator>

#include "config/values.h"

namespace oklo::config {

namespace {

// What the master has for as long as it runs.
constexpr std::string_view kOfMaster[] = {"control", "pid_file"};

bool is_of_master(std::string_view name) {
  return std::find(std::begin(kOfMaster), std::end(kOfMaster), name) != std::end(kOfMaster);
}

bool is_same(const Listener& a, const Listener& b) { return a.kind == b.kind && a.address == b.address; }

const Listener* find(const Config& config, const Listener& wanted) {
  for (const Listener& one : config.listeners)
    if (is_same(one, wanted)) return &one;
  return nullptr;
}

Block block_of(const Listener& listener) {
  switch (listener.kind) {
    case Listener::Kind::http: return kHttp;
    case Listener::Kind::tcp: return kTcp;
    case Listener::Kind::udp: break;
  }
  return kUdp;
}

// "listen http :8080"
std::string name_of(const Listener& listener) {
  return std::string(block_name(block_of(listener))) + " " + listener.address;
}

// A line for each directive of that block, without those below it, that has another value.
void add_values(std::string& out, Block block, const std::string& where, Target now, Target next) {
  for (const Directive& directive : directives()) {
    if (!(directive.blocks & block) || directive.has_block()) continue;
    std::string before = value_text(directive, now);
    std::string after = value_text(directive, next);
    if (before == after) continue;
    out += where + std::string(directive.name) + ": " + before + " -> " + after;
    out += is_of_master(directive.name) ? ", with a restart only\n" : "\n";
  }
}

void add_changed(std::string& out, Listener now, Listener next) {
  if (now == next) return;
  std::string where = name_of(now) + ": ";
  size_t before = out.size();
  add_values(out, block_of(now), where, {nullptr, &now, nullptr}, {nullptr, &next, nullptr});
  if (now.routes != next.routes) out += where + "other routes\n";
  if (out.size() == before) out += where + "changed\n";
}

}  // namespace

std::string changes(const Config& now, const Config& next) {
  std::string out;
  for (const Listener& listener : next.listeners)
    if (!find(now, listener)) out += "added: " + name_of(listener) + "\n";
  for (const Listener& listener : now.listeners) {
    const Listener* after = find(next, listener);
    if (after) add_changed(out, listener, *after);
    else out += "removed: " + name_of(listener) + "\n";
  }
  Config before = now, after = next;
  add_values(out, kTop, "", {&before, nullptr, nullptr}, {&after, nullptr, nullptr});
  return out.empty() && now != next ? "changed\n" : out;
}

}  // namespace oklo::config
