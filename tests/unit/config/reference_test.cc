#include "config/reference.h"

#include <doctest/doctest.h>

#include <string>

#include "base/embedded.h"
#include "config/directive.h"

using namespace oklo::config;

TEST_CASE("config/reference: oklo.conf(5) has the list of the table, word for word") {
  std::string page = oklo::unpack(*oklo::find_embedded("man/oklo.conf.5"));
  std::string list = manual_list();
  CHECK_MESSAGE(page.find(list) != page.npos, "what must stand in man/oklo.conf.5:\n" << list);
}

TEST_CASE("config/reference: each directive is listed in each of its blocks") {
  std::string all = manual_list();
  for (const Directive& directive : directives()) {
    CAPTURE(directive.name);
    std::string item = "\n.It Ic " + std::string(directive.name);
    CHECK(all.find(item) != all.npos);
    CHECK(manual_entry(directive.name).find(item) != std::string::npos);
  }
  CHECK(manual_entry("echo").find(".Ss Inside listen tcp\n") != std::string::npos);
  CHECK(manual_entry("echo").find(".Ss Inside route\n") != std::string::npos);
  CHECK(manual_entry("echo").find(".Ss Inside listen http\n") == std::string::npos);
  CHECK(manual_entry("nonsense").empty());
}

TEST_CASE("config/reference: an item tells in short lines what it means, default, limits and company") {
  CHECK(manual_entry("workers") == ".Ss Outside of all blocks\n.Bl -tag -width Ds\n.It Ic workers Ar auto|N\n"
                                   "Processes that serve; auto is one for each processor that may be used.\n"
                                   "Default: auto; from 1 to 1024.\n.El\n");
  std::string all = manual_list();
  for (size_t begin = 0, end = 0; (end = all.find('\n', begin)) != all.npos; begin = end + 1)
    if (all[begin] != '.') CHECK_MESSAGE(end - begin <= 80, all.substr(begin, end - begin));
  CHECK(manual_entry("listing").find("Default: off.\nWith files.\n") != std::string::npos);
  CHECK(manual_entry("delimiter").find("\"\\er\\en\"") != std::string::npos);
}
