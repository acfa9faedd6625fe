#pragma once

#include <string>
#include <string_view>

#include "base/counter.h"
#include "net/log_sink.h"

namespace oklo {

// The error log of a process: whole lines, written at once, never waiting: a line that the fd does not
// take now is dropped and counted, and the next line that gets through says how many were. Opened by the
// master, inherited by its children.
class Log {
 public:
  // Writes to a sink whose fd stays its owner's. `name` stands in every line: "master", "worker 1".
  Log(LogSink sink, std::string name) : sink_(sink), name_(std::move(name)) {}

  void set_name(std::string name) { name_ = std::move(name); }
  void set_sink(LogSink sink) { sink_ = sink; }
  // Counts what is dropped from now on there too; it outlives this.
  void count_drops(Counter& counter);
  // "2026-11-21T01:02:03Z master[123]: TEXT"; a syslog daemon gets "master: TEXT".
  void line(std::string_view text);
  // The same for each line of a text that has several; empty ones count nothing.
  void lines(std::string_view text);

  const LogSink& sink() const { return sink_; }
  int fd() const { return sink_.fd; }
  const std::string& name() const { return name_; }

 private:
  LogSink sink_;
  std::string name_;
  unsigned dropped_ = 0;
  Counter* counter_ = nullptr;
};

}  // namespace oklo
