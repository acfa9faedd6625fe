#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "process/service.h"

namespace faults = oklo::faults;

namespace {

oklo::MasterOptions process_mode() {
  oklo::MasterOptions options;
  options.has_gate = true;
  options.reactor_threads = 2;
  return options;
}

// What its start printed, when it ends with that code and leaves no process behind.
std::string start_that_fails(int code) {
  Service service(process_mode());
  CHECK(service.start().wait() == code);
  CHECK(service.all_gone());
  return service.log();
}

}  // namespace

TEST_CASE("fault/process: a gate whose threads cannot be started is the end of a start") {
  for (int nth : {1, 2}) {
    CAPTURE(nth);
    faults::Scope scope;
    faults::fail("pthread_create", nth, EAGAIN);
    CHECK(start_that_fails(1).find("cannot start a thread") != std::string::npos);
  }
}

TEST_CASE("fault/process: a gate, a manager or a worker that cannot be forked is the end of a start") {
  for (int nth : {1, 2, 3, 5}) {
    CAPTURE(nth);
    faults::Scope scope;
    faults::fail("fork", nth, EAGAIN);
    CHECK(start_that_fails(nth < 3 ? 111 : 1).find("cannot start a process") != std::string::npos);
  }
}

TEST_CASE("fault/process: wires that cannot be made are the end of a start") {
  for (int nth : {1, 6}) {
    CAPTURE(nth);
    faults::Scope scope;
    faults::fail("socketpair", nth, EMFILE);
    CHECK(start_that_fails(111).find("cannot make a socket pair") != std::string::npos);
  }
}
