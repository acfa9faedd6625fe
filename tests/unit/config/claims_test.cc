#include "config/claims.h"

#include <doctest/doctest.h>

#include <string>

#include "local_receiver.h"
#include "temp_dir.h"

using namespace oklo;
using namespace oklo::config;
using Kind = Claim::Kind;

namespace {

// What is missing; empty: nothing.
std::string fault(const Claim& claim) {
  Result<void> found = look_for(claim);
  return found ? "" : found.error().text;
}

}  // namespace

TEST_CASE("config/claims: users and groups") {
  CHECK(fault({Kind::user, "65534", {}}) == "");
  CHECK(fault({Kind::group, "65534", {}}) == "");
  CHECK(fault({Kind::user, "no-such-user", {}}) == "no user \"no-such-user\" in /etc/passwd");
  CHECK(fault({Kind::group, "no-such-group", {}}) == "no group \"no-such-group\" in /etc/group");
  CHECK(fault({Kind::user, "rooot", {}}) == "no user \"rooot\" in /etc/passwd; did you mean root?");
  CHECK(fault({Kind::group, "roott", {}}) == "no group \"roott\" in /etc/group; did you mean root?");
  CHECK(fault({Kind::user, "rot", {}}) == "no user \"rot\" in /etc/passwd");
}

TEST_CASE("config/claims: directories, and those of files") {
  TempDir temp;
  temp.directory("a");
  temp.file("file", "");
  CHECK(fault({Kind::directory, temp / "a", {}}) == "");
  CHECK(fault({Kind::directory, temp / "file", {}}).ends_with(": Not a directory"));
  CHECK(fault({Kind::directory, temp / "b", {}}).ends_with(": No such file or directory"));
  CHECK(fault({Kind::file, temp / "a/log", {}}) == "");
  CHECK(fault({Kind::file, temp / "file", {}}) == "");
  CHECK(fault({Kind::file, temp / "b/log", {}}).ends_with(": No such file or directory"));
  CHECK(fault({Kind::file, temp / "a", {}}) == (temp / "a") + " is a directory");
  CHECK(fault({Kind::file, "log", {}}) == "");
}

TEST_CASE("config/claims: directories in another root") {
  TempDir temp;
  temp.directory("www");
  temp.file("file", "");
  temp.link("link", "www");
  temp.link("out", "/nowhere");
  auto in_root = [&temp](const char* path) { return fault({Kind::directory, path, {}, temp.path()}); };
  for (const char* there : {"/www", "//www", "/", "/link"}) CHECK_MESSAGE(in_root(there) == "", there);
  CHECK(in_root("/etc") ==
        "cannot open the directory /etc in " + temp.path() + ": No such file or directory");
  CHECK(in_root("/file").ends_with(": Not a directory"));
  // Where these lead to in the new root is not known here.
  CHECK(in_root("/out") == "");
  CHECK(in_root("/../www") == "");
  // That the root is not there is told once, where it is named.
  CHECK(fault({Kind::directory, "/www", {}, temp / "none"}) == "");
}

TEST_CASE("config/claims: the socket of a syslog daemon") {
  TempDir temp;
  LocalReceiver daemon(temp / "log");
  CHECK(fault({Kind::syslog, temp / "log", {}}) == "");
  CHECK(fault({Kind::syslog, temp / "none", {}}) ==
        "cannot reach the syslog daemon at " + (temp / "none") + ": No such file or directory");
}
