#include "config/values.h"

#include <vector>

#include "base/nearest.h"
#include "base/number.h"
#include "codec/network.h"
#include "config/units.h"
#include "process/log_place.h"

namespace oklo::config {

namespace {

constexpr uint64_t kMsPerSecond = 1000;

// The words that a directive knows, and what it takes beside them.
std::string joined(const Directive& directive, std::string_view between, std::string_view own) {
  std::string text;
  auto add = [&](std::string_view word) {
    if (word.empty()) return;
    if (!text.empty()) text += between;
    text += word;
  };
  add(directive.limits.zero);
  for (const Choice& choice : directive.choices) add(choice.word);
  add(own);
  return text;
}

// What a directive of that type takes, beside words that it knows.
std::string_view own_argument(Type type) {
  switch (type) {
    case Type::flag: return "on|off";
    case Type::count:
    case Type::difference: return "N";
    case Type::size: return "SIZE";
    case Type::time:
    case Type::seconds: return "TIME";
    case Type::name: return "NAME";
    case Type::text: return "TEXT";
    case Type::directory:
    case Type::served: return "DIRECTORY";
    case Type::file: return "FILE";
    case Type::log: return "stderr|off|syslog|FILE";
    case Type::user: return "USER";
    case Type::group: return "GROUP";
    case Type::texts: return "WORD...";
    case Type::networks:
    case Type::rule: return "NETWORK...";
    case Type::field: return "NAME VALUE";
    case Type::redirect: return "URL [STATUS]";
    case Type::listen: return "http|tcp|udp ADDRESS { ... }";
    case Type::route: return "PATTERN { ... }";
    case Type::include: return "PATTERN";
    case Type::mark:
    case Type::choice: break;
  }
  return "";
}

std::string network_fault(std::string_view word) {
  Result<codec::Network> network = codec::parse_network(word);
  if (network) return {};
  std::string_view near = word.size() < 2 ? "" : nearest(word, {"all", "unix"});
  return network.error().text + (near.empty() ? "" : "; did you mean " + std::string(near) + "?");
}

std::string range(const Directive& directive) {
  return " from " + least_text(directive) + " to " + number_text(directive, directive.limits.most);
}

// Below 0 it is kept as the machine does.
std::optional<uint64_t> parse_difference(std::string_view word, uint64_t most) {
  bool below = word.starts_with('-');
  std::optional<uint64_t> number = parse_decimal(word.substr(below));
  if (!number || *number > most) return std::nullopt;
  return below ? 0 - *number : *number;
}

std::optional<uint64_t> parse_number(Type type, std::string_view word) {
  switch (type) {
    case Type::count: return parse_decimal(word);
    case Type::size: return parse_size(word);
    case Type::time: return parse_time(word);
    case Type::seconds: break;
    default: return std::nullopt;
  }
  std::optional<uint64_t> ms = parse_time(word);
  if (!ms || *ms % kMsPerSecond != 0) return std::nullopt;
  return *ms / kMsPerSecond;
}

}  // namespace

std::string argument_of(const Directive& directive) {
  return joined(directive, "|", own_argument(directive.type));
}

std::string wanted_by(const Directive& directive) {
  switch (directive.type) {
    case Type::flag: return "on or off";
    case Type::choice: return joined(directive, " or ", "");
    case Type::count:
    case Type::difference: return joined(directive, " or ", "a number" + range(directive));
    case Type::size:
      return joined(directive, " or ", "a size" + range(directive) + ", as 512, 64k, 1M or 1G");
    case Type::time:
    case Type::seconds:
      return joined(directive, " or ", "a time" + range(directive) + ", as 500ms, 10s, 5m, 1h or 1d");
    case Type::file: return joined(directive, " or ", "a path");
    case Type::log: return "stderr, off, syslog or a path";
    default: break;
  }
  return argument_of(directive);
}

std::optional<uint64_t> number_for(const Directive& directive, std::string_view word) {
  const Limits& limits = directive.limits;
  if (directive.type == Type::flag) {
    if (word != "on" && word != "off") return std::nullopt;
    return word == "on";
  }
  for (const Choice& choice : directive.choices)
    if (choice.word == word) return choice.value;
  if (!limits.zero.empty() && word == limits.zero) return 0;
  if (directive.type == Type::difference) return parse_difference(word, limits.most);
  std::optional<uint64_t> number = parse_number(directive.type, word);
  if (number && *number >= limits.least && *number <= limits.most) return number;
  return std::nullopt;
}

std::string text_fault(const Directive& directive, std::string_view word) {
  const Limits& limits = directive.limits;
  bool any_bytes = directive.type == Type::text;
  if (directive.type == Type::networks || directive.type == Type::rule) return network_fault(word);
  if (!any_bytes && word.find('\0') != word.npos) return "there is no zero byte in a name";
  if (!any_bytes && word.empty()) return std::string(directive.name) + " takes " + wanted_by(directive);
  if (directive.type == Type::log)
    if (Result<LogPlace> place = LogPlace::parse(std::string(word)); !place) return place.error().text;
  if (limits.most == 0 || (word.size() >= limits.least && word.size() <= limits.most)) return {};
  return std::string(directive.name) + " has " + decimal(limits.least) + " to " + decimal(limits.most) +
         " bytes";
}

std::string number_text(const Directive& directive, uint64_t number) {
  switch (directive.type) {
    case Type::size: return size_text(number);
    case Type::time: return time_text(number);
    case Type::seconds: return time_text(number * kMsPerSecond);
    case Type::difference:
      return static_cast<int64_t>(number) < 0 ? "-" + decimal(0 - number) : decimal(number);
    default: return decimal(number);
  }
}

std::string least_text(const Directive& directive) {
  if (directive.type == Type::difference) return "-" + number_text(directive, directive.limits.most);
  return number_text(directive, directive.limits.least);
}

std::string value_text(const Directive& directive, Target& target) {
  const Destination& to = directive.to;
  if (to.text) {
    const std::string& text = to.text(target);
    return text.empty() ? std::string(directive.limits.zero) : text;
  }
  if (!to.number) return {};
  uint64_t number = to.number(target);
  if (directive.type == Type::flag) return number ? "on" : "off";
  for (const Choice& choice : directive.choices)
    if (choice.value == number) return std::string(choice.word);
  if (number == 0 && !directive.limits.zero.empty()) return std::string(directive.limits.zero);
  return number_text(directive, number);
}

std::string default_text(const Directive& directive) {
  Config config;
  Listener listener;
  Route route;
  Target target = {&config, &listener, &route};
  bool chooses = directive.answer != Answer::none;
  return chooses ? std::string() : value_text(directive, target);
}

std::string_view nearest_choice(const Directive& directive, std::string_view word) {
  std::vector<std::string_view> known;
  if (directive.type == Type::flag) known = {"on", "off"};
  for (const Choice& choice : directive.choices) known.push_back(choice.word);
  if (!directive.limits.zero.empty()) known.push_back(directive.limits.zero);
  return nearest(word, known);
}

}  // namespace oklo::config
