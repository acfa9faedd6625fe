#include <oklo/shared.h>
#include <oklo/table.h>

#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>

#include "child.h"
#include "faulty_kernel.h"
#include "shm/address_table.h"
#include "shm/broadcast_ring.h"
#include "shm/shared_table.h"
#include "sys/futex.h"

namespace faults = oklo::faults;

TEST_CASE("fault/shm: what is to be shared is refused when there is no memory") {
  faults::Scope scope;
  faults::fail("mmap", 1, ENOMEM);
  CHECK(oklo::BroadcastRing::create(1 << 16).error().number == ENOMEM);
  CHECK(oklo::BroadcastRing::create(1 << 16).ok());
  faults::fail("mmap", 1, EAGAIN);
  CHECK(oklo::SharedTable::create(100, 10).error().number == EAGAIN);
  CHECK(oklo::SharedTable::create(100, 10).ok());
  faults::fail("mmap", 1, ENOMEM);
  CHECK(oklo::AddressTable::create({.connections = 1}, 10).error().number == ENOMEM);
  CHECK(oklo::AddressTable::create({.connections = 1}, 10).ok());
}

TEST_CASE("fault/shm: the public names tell why, and can be destroyed and replaced") {
  faults::Scope scope;
  faults::fail("mmap", 1, ENOMEM);
  oklo::Atomic number(1);
  CHECK(!number.ok());
  CHECK(number.error().find("bytes of memory: Cannot allocate memory") != std::string::npos);
  number = oklo::Atomic(1);
  CHECK(number.ok());
  CHECK(number.get() == 1);
  faults::fail("mmap", 1, ENOMEM);
  oklo::Lock lock;
  CHECK(!lock.ok());
  CHECK(lock.error().find("Cannot allocate memory") != std::string::npos);
  faults::fail("mmap", 1, ENOMEM);
  oklo::Table table({.rows = 1, .columns = {{"n"}}});
  CHECK(!table.ok());
  CHECK(table.error().find("Cannot allocate memory") != std::string::npos);
}

TEST_CASE("fault/shm: to use what is not there is a bug") {
  void (*bugs[])() = {
      [] { (void)oklo::Atomic().get(); },
      [] { (void)oklo::Atomic().wait(0); },
      [] { oklo::Atomic().wake(); },
      [] { oklo::Lock().lock(); },
      [] { oklo::Lock().unlock(); },
      [] { (void)oklo::Table({.rows = 1, .columns = {{"n"}}}).increment("key", "n"); },
  };
  faults::Scope scope;
  faults::fail_always("mmap", ENOMEM);
  for (auto bug : bugs) CHECK(aborts(bug) == 1000 + SIGABRT);
}

TEST_CASE("fault/shm: a wait lives with signals and with a kernel that knows no futex") {
  oklo::Atomic number(1);
  for (int fault : {EINTR, EAGAIN, ENOSYS}) {
    faults::Scope scope;
    faults::fail("futex", 1, fault);
    CHECK(!number.wait(1, 1));
    faults::fail_always("futex", fault);
    CHECK(!number.wait(1, 1));
    CHECK(number.wait(2, 1));
    number.wake();
  }
}
