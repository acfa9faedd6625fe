#include "process/urgency.h"

#include <doctest/doctest.h>

using oklo::escalate;
using oklo::StopRequest;
using oklo::Urgency;

TEST_CASE("process/urgency: what the first request asks for") {
  CHECK(escalate(Urgency::none, StopRequest::quit) == Urgency::patient);
  CHECK(escalate(Urgency::none, StopRequest::terminate) == Urgency::timely);
  CHECK(escalate(Urgency::none, StopRequest::command) == Urgency::timely);
}

TEST_CASE("process/urgency: only a second TERM ends all at once") {
  CHECK(escalate(Urgency::patient, StopRequest::terminate) == Urgency::timely);
  CHECK(escalate(Urgency::timely, StopRequest::terminate) == Urgency::at_once);
  CHECK(escalate(Urgency::patient, StopRequest::command) == Urgency::timely);
  CHECK(escalate(Urgency::timely, StopRequest::command) == Urgency::timely);
  CHECK(escalate(Urgency::patient, StopRequest::quit) == Urgency::patient);
}

TEST_CASE("process/urgency: never falls") {
  for (Urgency urgency : {Urgency::none, Urgency::patient, Urgency::timely, Urgency::at_once})
    for (StopRequest request : {StopRequest::quit, StopRequest::terminate, StopRequest::command})
      CHECK(escalate(urgency, request) >= urgency);
}
