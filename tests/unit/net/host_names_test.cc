#include "net/host_names.h"

#include <doctest/doctest.h>

#include <string>

#include "net/turns.h"
#include "process/here.h"
#include "temp_dir.h"

namespace {

struct Place : Turns {
  oklo::Log log{2, "test"};
  oklo::Here here{*reactor, log, 1, 1, 1};
  TempDir temp;
  std::string told;

  Place() {
    temp.file("hosts", "127.0.0.7 web\n127.0.0.8 web\n");
    oklo::set_resolver({.resolv_conf = temp / "none", .hosts = temp / "hosts"});
  }
  uint64_t look_up(std::string_view host) {
    return oklo::host_names().look_up(host, [this](oklo::Result<std::vector<oklo::sys::Address>> found) {
      if (!found) told += found.error().text;
      else for (const oklo::sys::Address& address : *found) told += address.to_string() + " ";
    });
  }
};

}  // namespace

TEST_CASE("net/host_names: addresses without a port, or a sentence") {
  Place place;
  CHECK(place.look_up("web") != 0);
  CHECK(place.told.empty());
  place.turn_until([&] { return !place.told.empty(); });
  CHECK(place.told == "127.0.0.7:0 127.0.0.8:0 ");
  place.told.clear();
  place.look_up("a..b");
  place.turn_until([&] { return !place.told.empty(); });
  CHECK(place.told == "the host name \"a..b\" has an empty label");
}

TEST_CASE("net/host_names: what is cancelled is not told, and there is a limit") {
  Place place;
  uint64_t last = 0;
  for (size_t i = 0; i < oklo::kLookupsMax; i++) {
    last = place.look_up("web");
    CHECK(last != 0);
  }
  CHECK(place.look_up("web") == 0);
  oklo::host_names().cancel(last);
  CHECK(place.look_up("::1") != 0);
  place.turn_until([&] { return place.told.ends_with("[::1]:0 "); });
  CHECK(place.told.size() == (oklo::kLookupsMax - 1) * std::string("127.0.0.7:0 127.0.0.8:0 ").size() + 8);
}
