#pragma once

#include <oklo/router.h>

#include <utility>
#include <vector>

#include "http/route_table.h"

// The table behind a Router, which a Server takes out for itself. The rules of access do not hold where a
// template is instantiated explicitly (C++20, [temp.spec] 6), so this needs no door in the public header.
namespace {

oklo::http::RouteTable& routes_of(oklo::Router& router);

template <auto kTable>
struct RoutesOf {
  friend oklo::http::RouteTable& routes_of(oklo::Router& router) { return *(router.*kTable); }
};

template struct RoutesOf<&oklo::Router::table_>;

// Opens the directories of its files routes, as a server does when it starts.
[[maybe_unused]] oklo::Result<void> open_files(oklo::Router& router) {
  oklo::Result<oklo::http::RouteTable::OpenedFiles> opened = routes_of(router).open_files();
  if (!opened) return opened.error();
  std::vector<int> keep;
  routes_of(router).adopt_files(std::move(opened).value(), keep);
  return {};
}

}  // namespace
