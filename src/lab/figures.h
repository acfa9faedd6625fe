#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// What the lab finds out: plain values.
namespace oklo::lab {

// A number, or why it could not be taken.
struct Figure {
  double value = 0;
  std::string missing = {};  // empty: it was taken

  bool taken() const { return missing.empty(); }
  static Figure not_taken(std::string why) { return {0, std::move(why)}; }
};

// Who is connected at a time, and what they do.
struct Load {
  unsigned connections = 0;

  // A tenth asks again and again, but at least one; from ten on there is one that sends a byte at a time.
  unsigned busy() const { return connections < 10 ? 1 : connections / 10; }
  unsigned slow() const { return connections < 10 ? 0 : 1; }
  unsigned idle() const { return connections - busy() - slow(); }
};

// How many connections were answered by which worker first.
using Shares = std::vector<std::pair<std::string, uint64_t>>;

// One model under one load.
struct LoadFigures {
  Load load;
  std::string missing = {};   // why it was not taken; then all else is zero
  unsigned served = 0;        // of the busy ones, how many had an answer at all
  bool slow_served = false;   // the slow one had
  unsigned idle_lost = 0;     // idle ones that the model has closed
  uint64_t answers = 0;
  double seconds = 0;
  double p50_us = 0, p99_us = 0, max_us = 0;
  double processor_us = 0;    // for each answer, in all processes of the model
  double voluntary = 0;       // context switches for each answer
  double involuntary = 0;
  double generator_busy = 0;  // part of its time that the generator's busiest thread used
  std::string errors = {};    // what went wrong, in words; empty: nothing
  Shares shares = {};

  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
  bool all_served() const { return served == load.busy(); }
};

struct ModelFigures {
  std::string name, line;
  std::vector<LoadFigures> loads = {};
  Figure memory_bytes = {};  // for each connection that is held
  Figure wakeups = {};       // for each connection that is accepted
  Figure calls = {};         // system calls for each request
};

struct ExperimentFigures {
  std::string name, line, mend;
  std::vector<std::string> columns = {};
  struct Row {
    std::string name;
    std::vector<double> figures;
  };
  std::vector<Row> rows = {};
  std::string verdict = {};
  std::vector<std::string> not_taken = {};
};

// Where it was measured.
struct Machine {
  std::string processor, kernel, date;
  unsigned processors = 0;
  uint64_t memory_mib = 0;
};

struct Report {
  Machine machine;
  double seconds = 0;    // of each load
  unsigned rounds = 0;   // of each load the median of so many counts
  unsigned workers = 0;  // of the models that have some
  std::vector<ModelFigures> models = {};
  std::vector<ExperimentFigures> experiments = {};
  bool interrupted = false;  // what follows was not taken
};

}  // namespace oklo::lab
