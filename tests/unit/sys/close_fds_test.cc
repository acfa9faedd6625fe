#include "sys/close_fds.h"

#include <doctest/doctest.h>

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "child.h"

namespace {

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

// Opens 12 fds, keeps those at the given places, and checks which are open then.
int closes_others(const std::vector<size_t>& places) {
  std::vector<int> all, keep;
  for (int i = 0; i < 12; i++) all.push_back(open("/dev/null", O_RDONLY));
  for (size_t place : places) keep.push_back(all[place]);
  std::sort(keep.begin(), keep.end());
  oklo::sys::close_all_fds_except(keep);
  for (int fd = 0; fd < 1000; fd++) {
    bool kept = fd < 3 || std::binary_search(keep.begin(), keep.end(), fd);
    if (fd >= 3 && is_open(fd) != kept) return 1;
  }
  return 0;
}

}  // namespace

TEST_CASE("sys/close_fds: closes all from 3 up but those that are kept") {
  const std::vector<std::vector<size_t>> rows = {{}, {0}, {11}, {0, 1, 5, 11}, {3, 4, 5}};
  for (const std::vector<size_t>& places : rows)
    CHECK(in_child([&] { return closes_others(places); }) == 0);
}

TEST_CASE("sys/close_fds: numbers below 3 and numbers that are not open may stand in the list") {
  CHECK(in_child([] {
          const int keep[] = {0, 2, 3, 700};
          bool had_3 = is_open(3);
          int other = fcntl(0, F_DUPFD, 10);
          oklo::sys::close_all_fds_except(keep);
          return is_open(3) == had_3 && !is_open(other) ? 0 : 1;
        }) == 0);
}
