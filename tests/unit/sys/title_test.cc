#include "sys/title.h"

#include <doctest/doctest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <string>

#include "child.h"
#include "emulated.h"

namespace sys = oklo::sys;

namespace {

std::string short_name() {
  char name[16] = {};
  prctl(PR_GET_NAME, name);
  return name;
}

}  // namespace

TEST_CASE("sys/title: overwrites the space of argv, cuts what does not fit, and keeps the arguments") {
  CHECK(in_child([] {
          char space[] = "oklo\0serve\0:8080";
          char* argv[] = {space, space + 5, space + 11, nullptr};
          setenv("OKLO_TITLE_TEST", "kept", 1);
          sys::save_title_space(3, argv);
          sys::set_title("oklo: worker 1");
          if (strcmp(space, "oklo: worker 1") != 0 || short_name() != "oklo: worker 1") return 1;
          sys::set_title("oklo: a title that is longer than all arguments");
          if (strcmp(space, "oklo: a title th") != 0 || short_name() != "oklo: a title t") return 2;
          sys::set_title("x");
          for (size_t i = 1; i < sizeof space; i++)
            if (space[i] != '\0') return 3;
          if (strcmp(argv[1], "serve") != 0 || strcmp(argv[2], ":8080") != 0) return 4;
          const char* kept = getenv("OKLO_TITLE_TEST");
          return kept && strcmp(kept, "kept") == 0 ? 0 : 5;
        }) == 0);
}

TEST_CASE("sys/title: any program has space, found before main") {
  CHECK(in_child([] {
          sys::set_title("oklo: master");
          char shown[64] = {};
          FILE* file = fopen("/proc/self/cmdline", "r");
          if (!file || fread(shown, 1, sizeof shown - 1, file) == 0) return 1;
          bool same = strcmp(shown, "oklo: master") == 0 || emulated();
          return same && short_name() == "oklo: master" ? 0 : 2;
        }) == 0);
}
