#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "net/protocol.h"

// A Protocol that writes down what it is told and does what the test wants.
class RecordingProtocol final : public oklo::Protocol {
 public:
  using Action = std::function<void(oklo::net::Connection&)>;

  std::string calls;                    // in their order, each with a space behind it
  std::string received;                 // what on_data took: all that came, unless when_data is there
  std::vector<oklo::net::Connection*> live;  // opened and not closed, in the order of opening
  std::string reasons;                  // of on_close, each with a space behind it
  Action when_open, when_data, when_end, when_drained, when_deadline, when_drain, when_close;

  void on_open(oklo::net::Connection& connection) override {
    live.push_back(&connection);
    told("open", when_open, connection);
  }
  void on_data(oklo::net::Connection& connection) override {
    told("data", when_data, connection);
    if (!when_data) take(connection);
  }
  void on_end(oklo::net::Connection& connection) override { told("end", when_end, connection); }
  void on_drained(oklo::net::Connection& connection) override { told("drained", when_drained, connection); }
  void on_deadline(oklo::net::Connection& connection) override {
    told("deadline", when_deadline, connection);
  }
  void on_drain(oklo::net::Connection& connection, oklo::DrainMode mode) override {
    told(mode == oklo::DrainMode::stop ? "drain(stop)" : "drain(reload)", when_drain, connection);
  }
  void on_close(oklo::net::Connection& connection, oklo::CloseReason reason) override {
    std::string name(oklo::close_reason_name(reason));
    reasons += name + " ";
    told("close(" + name + ")", when_close, connection);
    std::erase(live, &connection);
  }

  // Consumes all that is there.
  void take(oklo::net::Connection& connection) {
    std::span<char> input = connection.input();
    received.append(input.data(), input.size());
    connection.consume(input.size());
  }

 private:
  void told(std::string_view call, const Action& action, oklo::net::Connection& connection) {
    calls.append(call).append(" ");
    if (action) action(connection);
  }
};
