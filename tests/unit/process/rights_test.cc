#include "process/rights.h"

#include <doctest/doctest.h>

#include <grp.h>
#include <unistd.h>

#include "child.h"
#include "process/application.h"
#include "process/keeper_context.h"
#include "temp_dir.h"

using oklo::MasterOptions;
using oklo::Rights;

namespace {

MasterOptions options(const std::string& user, const std::string& group, const std::string& chroot = "") {
  MasterOptions made;
  made.user = user;
  made.group = group;
  made.chroot = chroot;
  return made;
}

// An application that looks for a file.
struct Looking final : oklo::Application {
  oklo::Result<void> prepare(std::vector<int>&) override {
    found = access("/inside", F_OK) == 0;
    return oklo::Error{7, "as it answers"};
  }
  std::unique_ptr<oklo::WorkerService> make_service(oklo::WorkerContext&) override { return nullptr; }
  void on_up(const std::vector<oklo::sys::Address>&) override {}
  bool found = false;
};

}  // namespace

TEST_CASE("process/rights: root becomes 65534, or whom it names") {
  if (geteuid() != 0) return;
  Rights rights = *Rights::choose({});
  CHECK(rights.changes_user);
  CHECK_FALSE(rights.user_was_named);
  CHECK(rights.user.uid == 65534);
  CHECK(rights.user.gid == 65534);
  CHECK(rights.groups.empty());
  rights = *Rights::choose(options("123:456", ""));
  CHECK(rights.user_was_named);
  CHECK(rights.user.uid == 123);
  CHECK(rights.user.gid == 456);
  rights = *Rights::choose(options("", "789", "/jail"));
  CHECK(rights.user_was_named);
  CHECK(rights.user.uid == 65534);
  CHECK(rights.user.gid == 789);
  CHECK(rights.root == "/jail");
  CHECK(Rights::choose(options("no such user", "")).error().text.starts_with("no user"));
  CHECK(Rights::choose(options("", "no such group")).error().text.starts_with("no group"));
}

TEST_CASE("process/rights: others stay who they are") {
  CHECK(in_child([] {
          if (geteuid() == 0 && (setgid(4321) != 0 || setuid(1234) != 0)) return 1;
          std::string own = std::to_string(geteuid());
          auto rights = Rights::choose(options(own, ""));
          if (!rights || rights->changes_user) return 2;
          for (const MasterOptions& wanted : {options("0", ""), options("", "0"), options("", "", "/usr")}) {
            auto refused = Rights::choose(wanted);
            if (refused || !refused.error().text.starts_with("only root can ")) return 3;
          }
          return 0;
        }) == 0);
}

TEST_CASE("process/rights: a child has the groups, and another root directory") {
  if (geteuid() != 0) return;
  TempDir temp;
  temp.file("inside", "");
  chmod(temp.path().c_str(), 0755);
  Rights rights;
  rights.changes_user = true;
  rights.user = {123, 456};
  rights.groups = {70, 71};
  rights.root = temp.path();
  CHECK(in_child([&] {
          oklo::Log log(2, "test");
          if (!drop_rights(rights, "test", log).ok()) return 1;
          gid_t groups[8];
          if (getgroups(8, groups) != 3) return 2;
          if (groups[0] != 70 || groups[1] != 71 || groups[2] != 456) return 3;
          if (getuid() != 123 || getgid() != 456 || access("/inside", F_OK) != 0) return 4;
          return 0;
        }) == 0);
}

TEST_CASE("process/rights: who enters for good has children that are inside") {
  if (geteuid() != 0) return;
  TempDir temp;
  temp.file("inside", "");
  CHECK(in_child([&] {
          Rights rights;
          rights.root = temp.path();
          oklo::Log log(2, "test");
          if (!enter_root(rights).ok() || access("/inside", F_OK) != 0) return 1;
          if (!drop_rights(rights, "test", log).ok() || access("/inside", F_OK) != 0) return 2;
          return enter_root(rights).ok() ? 0 : 3;
        }) == 0);
}

TEST_CASE("process/rights: an application prepares in the root directory of the children") {
  TempDir temp;
  temp.file("inside", "");
  Looking application;
  oklo::KeeperContext context;
  context.application = &application;
  std::vector<int> keep;
  CHECK(context.prepare(keep).error().text == "as it answers");
  CHECK_FALSE(application.found);
  context.rights.root = temp / "gone";
  CHECK_FALSE(context.prepare(keep).error().text == "as it answers");
  if (geteuid() != 0) return;
  context.rights.root = temp.path();
  CHECK(context.prepare(keep).error().text == "as it answers");
  CHECK(application.found);
  CHECK(access("/inside", F_OK) != 0);
}
