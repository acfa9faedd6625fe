#include "bench/fault.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>

using namespace oklo::bench;

TEST_CASE("bench/fault: what an errno number counts as") {
  CHECK(connect_fault(-ECONNREFUSED) == Fault::refused);
  CHECK(connect_fault(-EADDRNOTAVAIL) == Fault::no_port);
  CHECK(connect_fault(-EMFILE) == Fault::no_file);
  CHECK(connect_fault(-ENFILE) == Fault::no_file);
  CHECK(connect_fault(-ETIMEDOUT) == Fault::connect_timeout);
  CHECK(connect_fault(-ECONNRESET) == Fault::reset);
  CHECK(connect_fault(-EHOSTUNREACH) == Fault::unreachable);
  CHECK(connect_fault(-ENETUNREACH) == Fault::unreachable);
  CHECK(transfer_fault(-ECONNRESET) == Fault::reset);
  CHECK(transfer_fault(-EPIPE) == Fault::reset);
  CHECK(transfer_fault(-ETIMEDOUT) == Fault::timeout);
}

TEST_CASE("bench/fault: each kind has a name of its own") {
  std::set<std::string_view> keys, words;
  for (const FaultName& name : kFaultNames) {
    CHECK(keys.insert(name.key).second);
    CHECK(words.insert(name.words).second);
    CHECK(!name.words.empty());
  }
}
