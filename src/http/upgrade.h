#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/exchange.h"
#include "net/connection_pool.h"

namespace oklo::http {

// A protocol that a connection can change to from HTTP (RFC 9110 section 7.8): one in each worker for each
// route that has it.
class Upgrade {
 public:
  virtual ~Upgrade() = default;

  // What a client names in its Upgrade field to ask for it.
  virtual std::string_view token() const = 0;
  // Judges the request. True: the answer is 101 with the fields that were added, and open comes next. False:
  // the connection stays with HTTP, and the exchange has its answer.
  virtual bool accept(Exchange& exchange) = 0;
  // Whose the connection is from now on.
  virtual Endpoint& endpoint() = 0;
  // The connection has changed; stands in for the on_open of the endpoint's Protocol. The exchange is that of
  // the request, for the last time.
  virtual void open(net::Connection& connection, Exchange& exchange) = 0;
};

// What a route keeps until the workers are there.
class UpgradeMaker {
 public:
  virtual ~UpgradeMaker() = default;
  // What is missing or wrong, for whoever made the route; empty: nothing.
  virtual std::string fault() const { return {}; }
  // `base` is the endpoint of the listener.
  virtual std::unique_ptr<Upgrade> make(const Endpoint& base) = 0;
};

}  // namespace oklo::http
