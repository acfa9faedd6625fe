#include "sys/root_directory.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <unistd.h>

#include "child.h"
#include "sys/file.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

bool there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string place() {
  char path[4096];
  return getcwd(path, sizeof path) ? path : "";
}

}  // namespace

TEST_CASE("sys/root_directory: for good, with its working directory") {
  if (geteuid() != 0) return;
  TempDir temp;
  temp.file("inside", "");
  CHECK(in_child([&] {
          if (!sys::change_root(temp.path()).ok()) return 1;
          if (!there("/inside") || !there("inside")) return 2;
          return there(temp / "inside") || place() != "/" ? 3 : 0;
        }) == 0);
}

TEST_CASE("sys/root_directory: a visit comes back to where it began") {
  if (geteuid() != 0) return;
  TempDir temp;
  temp.directory("sub");
  temp.file("inside", "");
  temp.link("sub/link", "/inside");
  CHECK(in_child([&] {
          if (chdir((temp / "sub").c_str()) != 0) return 1;
          std::string before = place();
          size_t fds = sys::open_fds().size();
          {
            auto visit = sys::RootVisit::begin(temp.path());
            if (!visit || !there("/inside") || !there("/sub/link") || place() != "/") return 2;
            sys::RootVisit moved = std::move(*visit);
            if (!there("/inside")) return 3;
          }
          if (place() != before || there("/inside") || !there(temp / "inside")) return 4;
          return sys::open_fds().size() == fds ? 0 : 5;
        }) == 0);
}

TEST_CASE("sys/root_directory: what cannot be entered leaves all as it is") {
  TempDir temp;
  temp.file("file", "");
  std::string before = place();
  CHECK(in_child([&] {
          auto gone = sys::change_root(temp / "gone");
          auto file = sys::RootVisit::begin(temp / "file");
          if (gone || file || place() != before || !there(temp / "file")) return 1;
          if (geteuid() != 0) return gone.error().number == EPERM ? 0 : 2;
          if (file.error().number != ENOTDIR) return 3;
          std::string text = "cannot change the root to " + (temp / "gone") + ": No such file or directory";
          return gone.error().text == text ? 0 : 4;
        }) == 0);
}
