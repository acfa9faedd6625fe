#pragma once

#include <string>

#include "http/exchange.h"
#include "net/line_writer.h"

#include <oklo/server.h>

namespace oklo::http {

// One line for each answer, in the common log format or as JSON. One in each worker.
class AccessLog {
 public:
  AccessLog(LineWriter& out, LogFormat format) : out_(out), format_(format) {}

  void write(const Exchange& exchange);

 private:
  void common(const Exchange& exchange);
  void json(const Exchange& exchange);

  LineWriter& out_;
  LogFormat format_;
  std::string line_;
};

}  // namespace oklo::http
