#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/names.h"

// Answers when the test says so.
struct FakeNames final : oklo::Names {
  using Addresses = std::vector<oklo::sys::Address>;
  struct Lookup {
    uint64_t number;
    std::string host;
    Found found;
  };
  std::vector<Lookup> lookups;
  uint64_t last = 0;
  bool full = false;

  uint64_t look_up(std::string_view host, Found found) override {
    if (full) return 0;
    lookups.push_back({++last, std::string(host), std::move(found)});
    return last;
  }
  void cancel(uint64_t number) override {
    std::erase_if(lookups, [number](const Lookup& lookup) { return lookup.number == number; });
  }
  void answer(oklo::Result<Addresses> result) {
    REQUIRE(lookups.size() == 1);
    Found found = std::move(lookups[0].found);
    lookups.clear();
    found(std::move(result));
  }
};
