#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <oklo/resolve.h>

#include "child.h"
#include "process/here.h"
#include "temp_dir.h"

namespace {

using Addresses = std::vector<std::string>;

struct Place {
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(64).value();
  oklo::Log log{2, "test"};
  oklo::Here here{*reactor, log, 1, 1, 1};

  void turn() const {
    reactor->post([] {});
    reactor->run_once();
  }
};

}  // namespace

TEST_CASE("process/resolve: addresses as text, or a sentence, by the files that were set") {
  Place place;
  TempDir temp;
  temp.file("hosts", "192.0.2.7 web\n2001:db8::7 web\n");
  oklo::set_resolver({.resolv_conf = temp / "none", .hosts = temp / "hosts"});
  Addresses found;
  std::string wrong;
  oklo::LookupId id = oklo::resolve("web", {.ipv4 = true, .ipv6 = false},
                                    [&](const Addresses& addresses, std::string_view error) {
                                      CHECK(error.empty());
                                      found = addresses;
                                    });
  CHECK(id);
  oklo::resolve("a..b", [&](const Addresses& addresses, std::string_view error) {
    CHECK(addresses.empty());
    wrong = error;
  });
  CHECK(found.empty());
  while (found.empty() || wrong.empty()) place.turn();
  CHECK(found == Addresses{"192.0.2.7"});
  CHECK(wrong == "the host name \"a..b\" has an empty label");
}

TEST_CASE("process/resolve: a cancelled lookup is not told, and a process ends with some under way") {
  Place place;
  oklo::cancel(oklo::LookupId());
  bool called = false;
  oklo::LookupId id = oklo::resolve("::1", [&](const Addresses&, std::string_view) { called = true; });
  CHECK(id == id);
  CHECK_FALSE(id == oklo::LookupId());
  oklo::cancel(id);
  oklo::cancel(id);
  place.turn();
  place.turn();
  CHECK_FALSE(called);
  oklo::resolve("::1", [&](const Addresses&, std::string_view) { called = true; });
}

TEST_CASE("process/resolve: where no server runs, and settings that come too late") {
  CHECK(aborts([] { oklo::resolve("::1", [](const Addresses&, std::string_view) {}); }) == 1000 + SIGABRT);
  CHECK(aborts([] {
          Place place;
          oklo::resolve("::1", [](const Addresses&, std::string_view) {});
          oklo::set_resolver({});
        }) == 1000 + SIGABRT);
}
