#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/late_answers.h"

#include "http_world.h"
#include "routes_of.h"

namespace {

// Routes that promise their answers: ids has them in the order of the requests.
struct LateWorld {
  explicit LateWorld(const oklo::HttpLimits& limits = {})
      : world(routes_of(make_site()), {.limits = limits}) {}

  oklo::Router& make_site() {
    site.get("/late", [this](const oklo::Request&, oklo::Response& response) {
      response.status(201).header("X-Early", "set");
      ids.push_back(response.later());
    });
    site.get("/soon", [this](const oklo::Request&, oklo::Response& response) {
      ids.push_back(response.later(20));
    });
    site.get("/begun", [this](const oklo::Request&, oklo::Response& response) {
      response.write("one");
      ids.push_back(response.later(20));
    });
    site.get("/patient", [this](const oklo::Request&, oklo::Response& response) {
      response.write("one");
      ids.push_back(response.later());
    });
    site.get("/now", [](const oklo::Request& request, oklo::Response& response) {
      response.text("now", request.query());
    });
    return site;
  }

  Client& get(const std::string& target, const std::string& fields = "") {
    return world.open("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
  }
  // Answers the request that came last; whether it could.
  bool answer(std::string_view body = "late", bool settle = true) {
    return answer_to(ids.back(), body, settle);
  }
  bool answer_to(oklo::RequestId id, std::string_view body = "late", bool settle = true) {
    bool called = oklo::answer(id, [body](oklo::Response& response) { response.text(body); });
    if (settle) world.settle();
    return called;
  }

  oklo::Router site;
  std::vector<oklo::RequestId> ids;
  HttpWorld world;
};

const std::string kNow = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kLate = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace
