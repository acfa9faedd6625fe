#include "cli/options.h"

#include "base/nearest.h"
#include "base/number.h"
#include "cli/bench_flags.h"
#include "cli/lab_flags.h"
#include "process/application.h"
#include "sys/process.h"

namespace oklo::cli {

namespace {

constexpr uint64_t kThreadsMax = 64;
constexpr uint64_t kSecondsMax = 7 * 24 * 3600;
constexpr uint64_t kIntervalMax = 3600;

template <unsigned ServerOptions::*kMember, uint64_t kMax>
bool set_count(Options& options, std::string_view value) {
  std::optional<uint64_t> count = parse_decimal(value);
  if (value == "auto") count = 0;
  else if (!count || *count == 0 || *count > kMax) return false;
  options.server.*kMember = static_cast<unsigned>(*count);
  return true;
}

bool set_mode(Options& options, std::string_view value) {
  options.server.mode = value == "process" ? ServerMode::process : ServerMode::base;
  return value == "process" || value == "base";
}

bool set_listing(Options& options, std::string_view value) {
  options.listing = value == "on";
  return value == "on" || value == "off";
}

bool set_format(Options& options, std::string_view value) {
  options.server.access_log_format = value == "json" ? LogFormat::json : LogFormat::common;
  return value == "json" || value == "common";
}

bool set_timeout(Options& options, std::string_view value) {
  std::optional<uint64_t> seconds = parse_decimal(value);
  if (!seconds || *seconds == 0 || *seconds > kSecondsMax) return false;
  options.server.shutdown_timeout_ms = static_cast<uint32_t>(*seconds * 1000);
  return true;
}

bool set_interval(Options& options, std::string_view value) {
  std::optional<uint64_t> seconds = parse_decimal(value);
  if (!seconds || *seconds == 0 || *seconds > kIntervalMax) return false;
  options.interval_s = static_cast<unsigned>(*seconds);
  return true;
}

// What it means is known to who reads the words.
bool add_word(Options& options, std::string_view key, std::string_view value) {
  if (value.empty() || value.find_first_of(" \n") != value.npos) return false;
  options.query.append(" ").append(key).append(value);
  return true;
}

bool set_workers(Options& options, std::string_view value) {
  bool done = set_count<&ServerOptions::workers, kWorkersMax>(options, value);
  options.model_workers = options.server.workers ? options.server.workers : sys::usable_processors();
  return done;
}

template <std::string ServerOptions::*kMember>
bool set_text(Options& options, std::string_view value) {
  options.server.*kMember = value;
  return !value.empty();
}

const Flag* find_flag(std::string_view name, unsigned kinds) {
  for (const Flag& flag : flags())
    if (flag.name == name && (flag.commands & kinds)) return &flag;
  return nullptr;
}

Error unknown_flag(std::string_view command, unsigned kinds, std::string_view name) {
  std::vector<std::string_view> known;
  for (const Flag& flag : flags())
    if (flag.commands & kinds) known.push_back(flag.name);
  return {0, unknown_word("flag", name, known, command)};
}

}  // namespace

std::string unknown_word(std::string_view kind, std::string_view word,
                         const std::vector<std::string_view>& known, std::string_view help) {
  std::string text = "unknown ";
  text.append(kind).append(" ").append(word);
  std::string_view near = nearest(word, known);
  text += near.empty() ? "; see" : "; did you mean " + std::string(near) + "? See";
  return text.append(": oklo help").append(help.empty() ? "" : " ").append(help);
}

namespace {

std::vector<Flag> service_flags() {
  return {
      {"--workers", "N|auto", "how many worker processes serve, 1024 at most; auto: one for each processor",
       kServes | kModels, set_workers},
      {"--mode", "base|process", "who owns the connections: the workers, or a gate in front of them", kServes,
       set_mode},
      {"--reactor-threads", "N|auto", "threads of the gate, 64 at most; auto: one for two processors",
       kServes, set_count<&ServerOptions::reactor_threads, kThreadsMax>},
      {"--listing", "on|off", "list directories that have no index.html", kFiles, set_listing},
      {"--access-log", "stderr|off|syslog|FILE", "where to log each answer", kServes,
       set_text<&ServerOptions::access_log>},
      {"--access-log-format", "common|json", "how to log it", kServes, set_format},
      {"--error-log", "stderr|off|syslog|FILE", "where to log what happens to the service", kServes,
       set_text<&ServerOptions::error_log>},
      {"--user", "NAME", "whom the workers run as; as root without it: 65534", kServes,
       set_text<&ServerOptions::user>},
      {"--group", "NAME", "their group, in place of that of the user", kServes,
       set_text<&ServerOptions::group>},
      {"--chroot", "DIRECTORY", "their root directory, in which the one that is served stands", kServes,
       set_text<&ServerOptions::chroot>},
      {"--control", "SOCKET|off", "the socket that commands go through", kServes | kStarts | kControls,
       set_text<&ServerOptions::control>},
      {"--pid-file", "FILE", "a file for the master's pid, locked as long as it runs", kServes | kStarts,
       set_text<&ServerOptions::pid_file>},
      {"--shutdown-timeout", "SECONDS", "how long a graceful stop may take", kServes, set_timeout},
      {"--echo", "ADDRESS|off", "where TCP and UDP echo; by default the port behind that of the pages",
       kEchoes, [](Options& options, std::string_view value) { return !(options.echo = value).empty(); }},
      {"-c", "FILE", "the configuration file; by default /etc/oklo.conf, or else ./oklo.conf", kReads,
       [](Options& options, std::string_view value) { return !(options.config = value).empty(); }},
      {"-d", "", "run in the background; returns when the service is up", kServes | kStarts,
       [](Options& options, std::string_view) { return options.server.daemon = true; }},
      {"--json", "", "as JSON", kShows | kMeasures,
       [](Options& options, std::string_view) { return options.json = true; }},
      {"--sort", "FIELD", "age, idle, in, out, queue, requests, id, kind, owner or peer", kSorts,
       [](Options& options, std::string_view value) { return add_word(options, "sort=", value); }},
      {"--filter", "KEY=VALUE", "kind, worker, thread, peer, min_age, min_idle, min_in, min_out, min_queue",
       kFilters, [](Options& options, std::string_view value) { return add_word(options, "", value); }},
      {"--limit", "N", "how many to show, 10000 at most", kFilters,
       [](Options& options, std::string_view value) { return add_word(options, "limit=", value); }},
      {"--interval", "SECONDS", "how often to look, every second by default", kWatches, set_interval},
  };
}

}  // namespace

const std::vector<Flag>& flags() {
  static const std::vector<Flag> kFlags = [] {
    std::vector<Flag> all = service_flags();
    for (const Flag& flag : bench_flags()) all.push_back(flag);
    for (const Flag& flag : lab_flags()) all.push_back(flag);
    return all;
  }();
  return kFlags;
}

Result<Options> parse_options(std::string_view command, unsigned kinds,
                              const std::vector<std::string_view>& words) {
  Options options;
  for (size_t i = 0; i < words.size(); i++) {
    std::string_view word = words[i];
    if (word == "--") {
      options.words.insert(options.words.end(), words.begin() + static_cast<long>(i) + 1, words.end());
      break;
    }
    if (!word.starts_with('-') || word == "-") {
      options.words.push_back(word);
      continue;
    }
    size_t equals = word.find('=');
    const Flag* flag = find_flag(word.substr(0, equals), kinds);
    if (!flag) return unknown_flag(command, kinds, word.substr(0, equals));
    std::string name(flag->name);
    if (flag->argument.empty() && equals != word.npos) return Error{0, name + " takes no value"};
    std::string_view value;
    if (equals != word.npos) value = word.substr(equals + 1);
    else if (!flag->argument.empty() && ++i < words.size()) value = words[i];
    if (!flag->set(options, value))
      return Error{0, "bad value \"" + std::string(value) + "\" for " + name + ": it takes " +
                          std::string(flag->argument) + " (" + std::string(flag->help) + ")"};
  }
  return options;
}

}  // namespace oklo::cli
