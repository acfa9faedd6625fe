#include <doctest/doctest.h>

#include <errno.h>

#include <functional>
#include <string>

#include "faulty_kernel.h"
#include "sys/file.h"
#include "sys/unnamed_file.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
namespace faults = oklo::faults;

namespace {

const std::string kContent(100'000, 'c');

struct Place : TempDir {
  Place() { REQUIRE(sys::open_to_read(path().c_str(), fd) >= 0); }

  size_t names() const {
    lseek(fd.get(), 0, SEEK_SET);
    return sys::list_directory(fd.get(), 100).value().size();
  }
  std::string content(std::string_view name) const { return sys::read_file(*this / name, 1 << 20).value(); }
  sys::Fd unnamed() const {
    sys::Fd file;
    REQUIRE(sys::open_unnamed(path().c_str(), file) == 0);
    REQUIRE(sys::write_at(file.get(), kContent, 0) == 0);
    return file;
  }
  sys::Fd fd;
};

// Lets each call of the operation fail with each of some numbers. Then it answers that number, and no name
// and no fd stays. `may_recover`: a fault may also lead to another way that succeeds.
void fail_each_call(const Place& place, const std::function<long()>& operation, bool may_recover = false) {
  size_t fds = sys::open_fds().size();
  for (int number : {ENOSPC, EMFILE, EIO, EDQUOT}) {
    int k = 0;
    for (bool happened = true; happened;) {
      k++;
      CAPTURE(number);
      CAPTURE(k);
      faults::Scope scope;
      faults::fail("*", k, number);
      long result = operation();
      happened = faults::all_happened();
      faults::clear();
      if (!happened || (may_recover && result == 0)) CHECK(result == 0);
      else CHECK(result == -number);
      if (result == 0) remove((place / "saved").c_str());
      CHECK(place.names() == 0);
      CHECK(sys::open_fds().size() == fds);
    }
    CHECK(k > 1);
  }
}

}  // namespace

TEST_CASE("fault/unnamed_file: to make one fails as the kernel says") {
  Place place;
  fail_each_call(place, [&] {
    sys::Fd file;
    return sys::open_unnamed(place.path().c_str(), file);
  });
}

TEST_CASE("fault/unnamed_file: without O_TMPFILE it is made with a name that goes at once") {
  Place place;
  for (int number : {EISDIR, EOPNOTSUPP, EINVAL}) {
    faults::Scope scope;
    faults::fail("open", 1, number);
    sys::Fd file = place.unnamed();
    CHECK(faults::count("open") == 2);
    CHECK(faults::count("unlink") == 1);
    CHECK(place.names() == 0);
    CHECK(sys::save_unnamed(file.get(), kContent.size(), (place / "saved").c_str(), 0600) == 0);
    CHECK(place.content("saved") == kContent);
    remove((place / "saved").c_str());
  }
  fail_each_call(place, [&] {
    faults::fail("open", 1, EOPNOTSUPP);
    sys::Fd file;
    long result = sys::open_unnamed(place.path().c_str(), file);
    return result == -EOPNOTSUPP ? 0 : result;
  }, true);
}

TEST_CASE("fault/unnamed_file: a name that is taken is tried again with another, but not for ever") {
  Place place;
  faults::Scope scope;
  faults::fail("open", 1, EOPNOTSUPP);
  faults::fail("open", 2, EEXIST);
  place.unnamed();
  CHECK(faults::count("open") == 3);
  faults::clear();
  faults::fail("open", 1, EOPNOTSUPP);
  for (int i = 2; i < 20; i++) faults::fail("open", i, EEXIST);
  sys::Fd file;
  CHECK(sys::open_unnamed(place.path().c_str(), file) == -EEXIST);
  CHECK(!file);
  CHECK(faults::count("open") < 10);
}

TEST_CASE("fault/unnamed_file: a name that can't be removed is an error") {
  Place place;
  faults::Scope scope;
  faults::fail("open", 1, EOPNOTSUPP);
  faults::fail("unlink", 1, EPERM);
  sys::Fd file;
  CHECK(sys::open_unnamed(place.path().c_str(), file) == -EPERM);
}

TEST_CASE("fault/unnamed_file: writes that are short or interrupted still write all") {
  Place place;
  for (uint64_t seed = 0; seed < 20; seed++) {
    CAPTURE(seed);
    faults::Scope scope;
    faults::shorten(seed);
    sys::Fd file = place.unnamed();
    faults::clear();
    std::string read_back(kContent.size() + 1, '\0');
    read_back.resize(static_cast<size_t>(sys::read_at(file.get(), read_back.data(), read_back.size(), 0)));
    CHECK(read_back == kContent);
  }
}

TEST_CASE("fault/unnamed_file: a full disk in the middle of a write is the answer") {
  Place place;
  sys::Fd file = place.unnamed();
  for (int number : {ENOSPC, EDQUOT, EFBIG, EIO}) {
    faults::Scope scope;
    faults::fail("pwrite", 1, number);
    CHECK(sys::write_at(file.get(), kContent, 0) == -number);
  }
}

TEST_CASE("fault/unnamed_file: what can't be linked is copied, whole, in whatever pieces") {
  Place place;
  sys::Fd file = place.unnamed();
  for (int number : {EXDEV, ENOENT, EPERM, EMLINK, EOPNOTSUPP})
    for (uint64_t seed = 0; seed < 5; seed++) {
      CAPTURE(number);
      faults::Scope scope;
      faults::shorten(seed);
      faults::fail("linkat", 1, number);
      CHECK(sys::save_unnamed(file.get(), kContent.size(), (place / "saved").c_str(), 0600) == 0);
      faults::clear();
      CHECK(place.content("saved") == kContent);
      remove((place / "saved").c_str());
    }
}

TEST_CASE("fault/unnamed_file: a copy or a file of bytes that fails at any call leaves nothing") {
  Place place;
  sys::Fd file = place.unnamed();
  std::string path = place / "saved";
  fail_each_call(place, [&] { return sys::save_bytes(kContent, path.c_str(), 0644); });
  fail_each_call(place, [&] { return sys::save_unnamed(file.get(), kContent.size(), path.c_str(), 0644); },
                 true);
  for (const char* call : {"open", "sendfile", "fchmod", "close"}) {
    CAPTURE(call);
    faults::Scope scope;
    faults::fail("linkat", 1, EXDEV);
    faults::fail(call, call == std::string_view("fchmod") ? 2 : 1, ENOSPC);
    CHECK(sys::save_unnamed(file.get(), kContent.size(), path.c_str(), 0644) == -ENOSPC);
    CHECK(faults::all_happened());
    CHECK(place.names() == 0);
  }
}

TEST_CASE("fault/unnamed_file: what close tells is heard, but for an interruption") {
  Place place;
  faults::Scope scope;
  faults::fail("close", 1, EDQUOT);
  CHECK(sys::save_bytes("x", (place / "saved").c_str(), 0644) == -EDQUOT);
  CHECK(place.names() == 0);
  faults::fail("close", 1, EINTR);
  CHECK(sys::save_bytes("x", (place / "saved").c_str(), 0644) == 0);
  CHECK(place.content("saved") == "x");
}
