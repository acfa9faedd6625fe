#include <doctest/doctest.h>

#include <errno.h>

#include "child.h"
#include "faulty_kernel.h"
#include "sys/close_fds.h"
#include "sys/file.h"
#include "sys/kernel.h"
#include "sys/walk_beneath.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
namespace faults = oklo::faults;

namespace {

struct Tree {
  TempDir temp;
  sys::Fd root;
  Tree() {
    temp.directory("root");
    temp.directory("root/sub");
    temp.file("root/sub/f", "content");
    temp.file("secret", "secret");
    temp.link("root/link", "sub/../sub/f");
    temp.link("root/out", "../secret");
    root = std::move(*sys::open_directory(temp / "root"));
  }
  long open(const char* path) const {
    sys::Fd fd;
    return sys::open_beneath(root.get(), path, fd);
  }
};

bool kernel_has_openat2() {
  constexpr unsigned long long kBeneath = 0x08;
  return sys::Fd(static_cast<int>(sys::kernel::openat2(AT_FDCWD, ".", O_PATH, kBeneath))).get() >= 0;
}

}  // namespace

TEST_CASE("fault/open_beneath: a kernel without openat2 gives the same outcomes, and is asked once") {
  Tree tree;
  CHECK(in_child([&] {
          faults::Scope scope;
          faults::fail_always("openat2", ENOSYS);
          if (tree.open("sub/f") != 0 || tree.open("link") != 0 || tree.open("") != 0) return 1;
          if (tree.open("out") != -EXDEV || tree.open("../secret") != -EXDEV) return 2;
          if (tree.open("nothing") != -ENOENT || tree.open("sub/f/") != -ENOTDIR) return 3;
          return faults::count("openat2") <= 1 ? 0 : 4;
        }) == 0);
}

TEST_CASE("fault/open_beneath: a filter that refuses openat2 does not refuse the file") {
  Tree tree;
  faults::Scope scope;
  faults::fail_always("openat2", EPERM);
  CHECK(tree.open("link") == 0);
  CHECK(tree.open("out") == -EXDEV);
  faults::clear();
  CHECK(tree.open("link") == 0);
  if (kernel_has_openat2()) CHECK(faults::count("openat") == 0);
}

TEST_CASE("fault/open_beneath: renames and signals in the middle are tried again") {
  Tree tree;
  const bool has_openat2 = kernel_has_openat2();
  for (int number : {EAGAIN, EINTR}) {
    faults::Scope scope;
    faults::fail("openat2", 1, number);
    CHECK(tree.open("link") == 0);
    if (has_openat2) CHECK(faults::count("openat2") == 2);
  }
  faults::Scope scope;
  faults::fail_always("openat2", EAGAIN);
  CHECK(tree.open("link") == 0);
  CHECK(faults::count("openat2") < 10);
}

TEST_CASE("fault/walk_beneath: any call that fails is the answer, and no fd stays open") {
  Tree tree;
  size_t fds = sys::open_fds().size();
  int k = 0;
  for (bool happened = true; happened;) {
    k++;
    CAPTURE(k);
    faults::Scope scope;
    faults::fail("*", k, EMFILE);
    sys::Fd fd;
    long result = sys::walk_beneath(tree.root.get(), "sub/../link", O_RDONLY, fd);
    happened = faults::all_happened();
    CHECK(result == (happened ? -EMFILE : 0));
    CHECK(static_cast<bool>(fd) == !happened);
    fd.reset();
    faults::clear();
    CHECK(sys::open_fds().size() == fds);
  }
  CHECK(k > 5);
}

TEST_CASE("fault/close_fds: without close_range, and without /proc too") {
  for (bool without_proc : {false, true})
    CHECK(in_child([&] {
            int kept = fcntl(0, F_DUPFD, 20), low = fcntl(0, F_DUPFD, 10), high = fcntl(0, F_DUPFD, 60);
            faults::fail_always("close_range", ENOSYS);
            if (without_proc) faults::fail_always("open", ENOENT);
            const int keep[] = {kept};
            sys::close_all_fds_except(keep);
            for (int fd = 3; fd < 100; fd++)
              if ((fcntl(fd, F_GETFD) >= 0) != (fd == kept)) return 1;
            return low > 2 && high > 2 ? 0 : 2;
          }) == 0);
}
