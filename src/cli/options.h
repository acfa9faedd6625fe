#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench/plan.h"

#include <oklo/server.h>

namespace oklo::cli {

// What the lab is to do.
struct LabOptions {
  std::vector<unsigned> connections = {};  // one load for each; empty: the usual ones
  uint32_t load_ms = 1000;                 // how long each takes
  unsigned rounds = 1;                     // of each load
  std::string svg = {}, html = {};         // files to be written; empty: none
};

// What a command line says: the values of its flags, and the words that are none.
struct Options {
  ServerOptions server;
  bool listing = false;
  bool json = false;
  std::string query;  // words for the command `connections`, each with a blank in front
  unsigned interval_s = 1;
  std::string config;  // the configuration file; empty: one of the usual ones
  bench::Plan bench = {.connections = 64, .threads = 2};
  std::string echo;  // where the demo echoes; empty: beside its pages; "off"
  unsigned model_workers = 4;  // --workers of a model
  LabOptions lab;
  std::vector<std::string_view> words;
};

// Which commands know a flag: bits.
enum CommandKind : unsigned {
  kServes = 1,    // serve, demo
  kFiles = 2,     // serve
  kControls = 4,  // what talks to a running oklo
  kShows = 8,     // status, connections, bench
  kEchoes = 16,   // demo
  kSorts = 32,    // connections, top
  kFilters = 64,  // connections
  kWatches = 128,  // top
  kStarts = 256,  // start
  kReads = 512,   // start, check
  kLoads = 1024,  // bench
  kModels = 2048,  // model
  kMeasures = 4096,  // lab
};

// One row for each flag: parser and help read it.
struct Flag {
  std::string_view name;      // with its dashes
  std::string_view argument;  // what stands for it in the help; empty: the flag has none
  std::string_view help;
  unsigned commands;
  bool (*set)(Options& options, std::string_view value);
};
const std::vector<Flag>& flags();

// "unknown flag --jsn; did you mean --json? See: oklo help status": of a kind of words, by the known ones and
// by where they are explained.
std::string unknown_word(std::string_view kind, std::string_view word,
                         const std::vector<std::string_view>& known, std::string_view help);

// Reads the words behind a command's name: flags and others in any order, "--flag value" or
// "--flag=value"; behind "--" all are others. The error is one line for the person who wrote them.
Result<Options> parse_options(std::string_view command, unsigned kinds,
                              const std::vector<std::string_view>& words);

}  // namespace oklo::cli
