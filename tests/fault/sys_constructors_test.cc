#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "child.h"
#include "faulty_kernel.h"
#include "sys/epoll.h"
#include "sys/event_fd.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/pid_file.h"
#include "sys/pipe.h"
#include "sys/process.h"
#include "sys/root_directory.h"
#include "sys/signal_fd.h"
#include "sys/signal_queue.h"
#include "sys/socket.h"
#include "sys/socket_pair.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
namespace faults = oklo::faults;

namespace {

// The errno number of the error; 0 for a value, which dies at once.
template <class T>
int number_of(const oklo::Result<T>& result) {
  return result.ok() ? 0 : result.error().number;
}

sys::Address parsed(const std::string& text) { return *sys::Address::parse(text); }

// Lets the 1st, 2nd, ... call fail until there are no more: each time the operation answers that error and
// leaves no fd open.
void fail_each_call(const char* name, int errno_number, const std::function<int()>& operation) {
  CAPTURE(name);
  REQUIRE(operation() == 0);
  size_t fds = sys::open_fds().size();
  int k = 0;
  for (bool happened = true; happened;) {
    k++;
    CAPTURE(k);
    faults::Scope scope;
    faults::fail("*", k, errno_number);
    int result = operation();
    happened = faults::all_happened();
    CHECK(result == (happened ? errno_number : 0));
    faults::clear();
    CHECK(sys::open_fds().size() == fds);
  }
  CHECK(k > 1);
}

}  // namespace

TEST_CASE("fault/sys: every constructor fails cleanly when any of its calls fails") {
  TempDir temp;
  temp.directory("d");
  temp.file("d/f", "content");
  auto root = sys::open_directory(temp.path());
  REQUIRE(root.ok());
  sys::Fd listener = std::move(*sys::listen_on(parsed("127.0.0.1:0"), {}));
  sys::Address address = *sys::local_address(listener.get());
  sys::ListenOptions all_options;
  all_options.defer_accept = all_options.reuse_port = true;
  const std::string unix_path = "unix:" + (temp / "s");
  for (int number : {EIO, EMFILE, ENOMEM, EACCES}) {
    fail_each_call("Epoll", number, [] { return number_of(sys::Epoll::create()); });
    fail_each_call("EventFd", number, [] { return number_of(sys::EventFd::create()); });
    fail_each_call("SignalFd", number, [] { return number_of(sys::SignalFd::create({SIGUSR2})); });
    fail_each_call("SocketPair", number, [] { return number_of(sys::SocketPair::create()); });
    fail_each_call("SocketPair that waits", number,
                   [] { return number_of(sys::SocketPair::create_waiting(sys::PairKind::stream)); });
    fail_each_call("Pipe", number, [] { return number_of(sys::Pipe::create()); });
    fail_each_call("fifo", number, [&] { return number_of(sys::Pipe::create_fifo(temp / "fifo")); });
    fail_each_call("SignalQueue", number, [] { return number_of(sys::SignalQueue::create({SIGUSR2})); });
    fail_each_call("lower_file_limit", number, [] { return number_of(sys::lower_file_limit(10'000)); });
    fail_each_call("Memory", number, [] { return number_of(sys::Memory::allocate(4096)); });
    fail_each_call("shared Memory", number, [] { return number_of(sys::Memory::allocate_shared(4096)); });
    fail_each_call("listen_first", number,
                   [] { return number_of(sys::listen_first(parsed("127.0.0.1:0"), {})); });
    fail_each_call("listen_on", number, [&] { return number_of(sys::listen_on(parsed(":0"), all_options)); });
    fail_each_call("listen_on unix", number, [&] {
      int result = number_of(sys::listen_on(parsed(unix_path), {}));
      bool there = access((temp / "s").c_str(), F_OK) == 0;
      unlink((temp / "s").c_str());
      return there == (result == 0) ? result : -1;
    });
    fail_each_call("connect_to", number, [&] { return number_of(sys::connect_to(address)); });
    fail_each_call("local_address", number, [&] { return number_of(sys::local_address(listener.get())); });
    fail_each_call("open_directory", number, [&] { return number_of(sys::open_directory(temp.path())); });
    fail_each_call("open_log", number, [&] { return number_of(sys::open_log(temp / "log")); });
    fail_each_call("read_file", number, [&] { return number_of(sys::read_file(temp / "d/f", 100)); });
    fail_each_call("open_beneath", number, [&] {
      sys::Fd fd;
      long result = sys::open_beneath(root->get(), "d/f", fd);
      return fd ? 0 : static_cast<int>(-result);
    });
  }
}

TEST_CASE("fault/sys: a pid file whose making fails is not held") {
  TempDir temp;
  for (const char* call : {"open", "flock", "ftruncate", "write"}) {
    faults::Scope scope;
    CAPTURE(call);
    size_t fds = sys::open_fds().size();
    faults::fail(call, 1, EIO);
    CHECK(number_of(sys::PidFile::create(temp / "pid")) == EIO);
    CHECK(sys::open_fds().size() == fds);
    CHECK(number_of(sys::PidFile::create(temp / "pid")) == 0);
  }
}

TEST_CASE("fault/sys: a pid file that was removed between open and lock is made again") {
  TempDir temp;
  faults::Scope scope;
  faults::fail("fstatat", 1, ENOENT);
  auto file = sys::PidFile::create(temp / "pid");
  CHECK(file.ok());
  CHECK(faults::count("open") == 2);
  faults::fail_always("fstatat", ENOENT);
  CHECK(!sys::PidFile::create(temp / "other").ok());
}

TEST_CASE("fault/sys: listing a directory fails with its reason, and a vanished entry is left out") {
  TempDir temp;
  for (const char* name : {"a", "b", "c"}) temp.file(name, "");
  auto root = sys::open_directory(temp.path());
  auto list = [&] {
    sys::Fd dir;
    REQUIRE(sys::open_beneath(root->get(), "", dir) >= 0);
    return sys::list_directory(dir.get(), 100);
  };
  faults::Scope scope;
  faults::fail("getdents64", 1, EIO);
  CHECK(number_of(list()) == EIO);
  faults::fail("getdents64", 2, EIO);
  CHECK(number_of(list()) == EIO);
  faults::fail("fstatat", 2, ENOENT);
  CHECK(list()->size() == 2);
  CHECK(list()->size() == 3);
}

TEST_CASE("fault/sys: no new process, and no right to become another user") {
  faults::Scope scope;
  faults::fail("fork", 1, EAGAIN);
  auto forked = sys::fork_process();
  REQUIRE(!forked.ok());
  CHECK(forked.error().text == "cannot start a process: Resource temporarily unavailable");
  for (const char* call : {"setgroups", "setresgid", "setresuid"})
    CHECK(in_child([&] {
            if (geteuid() != 0 && call != std::string_view("setgroups")) return 0;
            faults::fail(call, 1, EPERM);
            auto result = sys::become_user(65534, 65534);
            return !result && result.error().number == EPERM ? 0 : 1;
          }) == 0);
}

TEST_CASE("fault/sys: a visit to another root directory that fails on the way is over") {
  if (geteuid() != 0) return;
  TempDir temp;
  struct {
    const char* call;
    int nth;
  } fails[] = {{"open", 1}, {"open", 2}, {"chroot", 1}, {"chdir", 1}};
  for (const auto& one : fails) {
    CAPTURE(one.call);
    CHECK(in_child([&] {
            faults::Scope scope;
            faults::fail(one.call, one.nth, EIO);
            auto visit = sys::RootVisit::begin(temp.path());
            if (visit || visit.error().number != EIO) return 1;
            return access(temp.path().c_str(), F_OK) == 0 ? 0 : 2;
          }) == 0);
  }
}

TEST_CASE("fault/sys: what only informs has an answer without the kernel") {
  faults::Scope scope;
  faults::fail_always("sched_getaffinity", ENOSYS);
  CHECK(sys::usable_processors() == 1);
  CHECK(sys::pin_to_processor(0).error().number == ENOSYS);
  faults::fail_always("open", ENOENT);
  CHECK(sys::process_info(getpid()).private_kib == 0);
  CHECK(sys::open_fds().empty());
  faults::fail_always("getsockopt", EINVAL);
  CHECK(sys::accept_queue(0).length == 0);
  uint64_t limit = sys::file_limit();
  faults::fail_always("setrlimit", EPERM);
  CHECK(sys::raise_file_limit() == limit);
}
