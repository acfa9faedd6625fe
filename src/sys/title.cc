#include "sys/title.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "sys/kernel.h"

namespace oklo::sys {

namespace {

// The memory that the kernel filled with argv and the environment, end to end: what ps(1) shows.
std::span<char> title_space;

// The strings that were there. They live as long as the process, also those that nothing points at any more.
char* arguments = nullptr;
char* variables = nullptr;

// Copies a list of strings that lie end to end from `end` on, and points the list at the copies. Returns the
// new end.
char* move_away(char** list, char* end, char*& copies) {
  size_t all = 0;
  for (char** one = list; *one; one++) all += std::strlen(*one) + 1;
  char* to = copies = new char[all];
  for (; *list; list++) {
    size_t size = std::strlen(*list) + 1;
    if (*list == end) end += size;
    std::memcpy(to, *list, size);
    *list = std::exchange(to, to + size);
  }
  return end;
}

}  // namespace

void save_title_space(int argc, char** argv) {
  if (argc < 1) return;
  char* begin = argv[0];
  char* end = move_away(argv, begin, arguments);
  end = move_away(environ, end, variables);
  title_space = {begin, end};
}

// The C library calls constructors as it calls main.
[[gnu::constructor]] static void save_before_main(int argc, char** argv) { save_title_space(argc, argv); }

void set_thread_name(std::string_view name) {
  char kept[16] = {};  // with a zero behind it
  std::copy_n(name.begin(), std::min(name.size(), sizeof kept - 1), kept);
  kernel::prctl(PR_SET_NAME, reinterpret_cast<unsigned long>(kept));
}

void set_title(std::string_view title) {
  set_thread_name(title);
  if (title_space.empty()) return;
  std::fill(title_space.begin(), title_space.end(), '\0');
  std::copy_n(title.begin(), std::min(title.size(), title_space.size() - 1), title_space.begin());
}

}  // namespace oklo::sys
