#pragma once

#include <string>

#include "http/exchange.h"
#include "http/request_words.h"
#include "net/line_writer.h"

#include <oklo/server.h>

namespace oklo::http {

// One line for each answer, in the common log format or as JSON. One in each worker.
class AccessLog {
 public:
  AccessLog(LineWriter& out, LogFormat format) : out_(out), format_(format) {}

  void write(const Exchange& exchange) { write(exchange, RequestWords(exchange.head)); }
  void write(const Reply& reply, const RequestWords& words);

 private:
  void common(const Reply& reply, const RequestWords& words);
  void json(const Reply& reply, const RequestWords& words);

  LineWriter& out_;
  LogFormat format_;
  std::string line_;
};

}  // namespace oklo::http
