#include <oklo/co.h>

#include "co_world.h"

#include <memory>
#include <string>
#include <vector>

#include "child.h"

using oklo::Co;

namespace {

Co<int> number(int value) { co_return value; }

Co<int> add_later(int a, int b) {
  co_await oklo::sleep_ms(0);
  co_return a + b;
}

Co<> number_to_nobody() { co_return; }

Co<> note(std::string& order, const char* text) {
  order += text;
  co_return;
}

Co<> wait_at(Gate& gate, std::string& order, const char* name) {
  Witness witness(order, name);
  co_await gate.wait();
  order += name;
}

}  // namespace

TEST_CASE("server/co: a coroutine runs when it is spawned, and not before") {
  CoWorld world;
  {
    Co<> never = note(world.order, "never");
    Co<> one = note(world.order, "one ");
    CHECK(world.order.empty());
    oklo::spawn(std::move(one));
  }
  CHECK(world.order == "one ");
}

TEST_CASE("server/co: values come from coroutines that end at once, and from those that wait") {
  CoWorld world;
  int sum = 0;
  oklo::spawn([&sum]() -> Co<> {
    sum = co_await number(1);
    sum += co_await add_later(10, 100);
    Co<int> named = add_later(sum, 1000);
    sum = co_await named;
  });
  CHECK(sum == 1);
  world.settle();
  CHECK(sum == 1111);
}

TEST_CASE("server/co: values may be moved only, or have no default") {
  CoWorld world;
  struct Odd {
    explicit Odd(int n) : value(n) {}
    Odd(Odd&&) = default;
    int value;
  };
  std::unique_ptr<std::string> text;
  int odd = 0;
  auto make = [](std::unique_ptr<std::string> from) -> Co<std::unique_ptr<std::string>> {
    co_await oklo::sleep_ms(0);
    from->append("d");
    co_return from;
  };
  auto make_odd = []() -> Co<Odd> { co_return Odd(7); };
  oklo::spawn([&]() -> Co<> {
    text = co_await make(std::make_unique<std::string>("move"));
    Odd got = co_await make_odd();
    odd = got.value;
  });
  world.settle();
  REQUIRE(text);
  CHECK(*text == "moved");
  CHECK(odd == 7);
}

TEST_CASE("server/co: locals die at the end in the opposite order, and parameters after them") {
  CoWorld world;
  auto inner = [](std::string& order, Witness) -> Co<> {
    Witness a(order, "inner-a");
    Witness b(order, "inner-b");
    co_await oklo::sleep_ms(0);
  };
  oklo::spawn([&]() -> Co<> {
    Witness a(world.order, "outer-a");
    Witness given(world.order, "given");
    co_await inner(world.order, std::move(given));
    world.order += "back ";
  });
  CHECK(world.order.empty());
  world.settle();
  CHECK(world.order == "~inner-b ~inner-a ~given back ~outer-a ");
}

TEST_CASE("server/co: what still waits when the process ends dies from within, once") {
  std::string order;
  Gate gate;
  {
    CoWorld world;
    auto outer = [](Gate& at, std::string& to) -> Co<> {
      Witness witness(to, "outer");
      co_await wait_at(at, to, "inner");
      to += "never";
    };
    oklo::spawn(outer(gate, order));
    CHECK(gate.waits());
  }
  CHECK(order == "~inner ~outer ");
}

TEST_CASE("server/co: one that never began, and one that was moved over, die with their Co") {
  CoWorld world;
  auto with = [](Witness) -> Co<> { co_return; };
  {
    Co<> one = with(Witness(world.order, "one"));
    one = with(Witness(world.order, "two"));
    CHECK(world.order == "~one ");
  }
  CHECK(world.order == "~one ~two ");
}

TEST_CASE("server/co: a coroutine with a name may outlive the one that awaits it") {
  CoWorld world;
  Gate first;
  Co<> shared = wait_at(first, world.order, "shared ");
  {
    Co<> parent = [](Co<>& child) -> Co<> { co_await child; }(shared);
    auto join = parent.operator co_await();
    CHECK(join.await_suspend(std::noop_coroutine()));
  }
  CHECK(world.order.empty());
  first.open();
  CHECK(world.order == "shared ~shared  ");
}

TEST_CASE("server/co: a loop over coroutines that never wait does not fill the stack") {
  CoWorld world;
  uint64_t sum = 0;
  oklo::spawn([&sum]() -> Co<> {
    for (int i = 0; i < 1'000'000; i++) sum += static_cast<uint64_t>(co_await number(i));
  });
  CHECK(sum == 499'999'500'000);
}

TEST_CASE("server/co: deep nesting, ended at the bottom") {
  CoWorld world;
  struct Deep {
    static Co<int> down(int levels) {
      if (levels == 0) co_return co_await add_later(0, 0);
      int below = co_await down(levels - 1);
      co_return below + 1;
    }
  };
  int depth = 0;
  oklo::spawn([&depth]() -> Co<> { depth = co_await Deep::down(500); });
  world.settle();
  CHECK(depth == 500);
}

TEST_CASE("server/co: all goes on when the last has ended, in whatever order") {
  CoWorld world;
  Gate a, b;
  oklo::spawn([&]() -> Co<> {
    co_await oklo::all(wait_at(a, world.order, "a "), note(world.order, "now "),
                       wait_at(b, world.order, "b "));
    world.order += "end";
  });
  CHECK(world.order == "now ");
  b.open();
  CHECK(world.order == "now b ~b  ");
  a.open();
  CHECK(world.order == "now b ~b  a ~a  end");
}

TEST_CASE("server/co: all of those that end at once does not wait") {
  CoWorld world;
  oklo::spawn([&]() -> Co<> {
    co_await oklo::all(note(world.order, "1"), note(world.order, "2"));
    world.order += "3";
  });
  CHECK(world.order == "123");
}

TEST_CASE("server/co: all that is given up gives up each, the last one first or the first, but once") {
  std::string order;
  Gate a, b;
  {
    CoWorld world;
    oklo::spawn([&]() -> Co<> { co_await oklo::all(wait_at(a, order, "a"), wait_at(b, order, "b")); });
    b.open();
    CHECK(order == "b~b ");
  }
  CHECK(order == "b~b ~a ");
}

TEST_CASE("server/co: a coroutine spawns others, also those that end at once") {
  CoWorld world;
  oklo::spawn([&]() -> Co<> {
    oklo::spawn(note(world.order, "1"));
    oklo::spawn([&world, kept = std::make_unique<int>(2)]() -> Co<> {
      co_await oklo::sleep_ms(0);
      world.order += std::to_string(*kept);
    });
    world.order += "-";
    co_return;
  });
  CHECK(world.order == "1-");
  world.settle();
  CHECK(world.order == "1-2");
}

TEST_CASE("server/co: those that sleep wake in the order of their times") {
  CoWorld world;
  auto sleeper = [](std::string& order, uint64_t ms, const char* name) -> Co<> {
    co_await oklo::sleep_ms(ms);
    order += name;
  };
  oklo::spawn(sleeper(world.order, 20, "c"));
  oklo::spawn(sleeper(world.order, 0, "a"));
  oklo::spawn(sleeper(world.order, 10, "b"));
  CHECK(world.order.empty());
  world.wait_until([&] { return world.order.size() == 3; });
  CHECK(world.order == "abc");
}

TEST_CASE("server/co: a sleep that is given up takes its timer with it") {
  CoWorld world;
  for (int i = 0; i < 3; i++) {
    Co<> sleeper = []() -> Co<> { co_await oklo::sleep_ms(1000); }();
    auto join = sleeper.operator co_await();
    CHECK(join.await_suspend(std::noop_coroutine()));
    CHECK(world.here.timers.size() == 1);
  }
  CHECK(world.here.timers.size() == 0);
}

TEST_CASE("server/co: a fork begins with none") {
  CoWorld world;
  Gate gate;
  oklo::spawn(wait_at(gate, world.order, "parent's"));
  {
    oklo::Here child(*world.reactor, world.log, 2, 1, 1);
    std::string order;
    Gate own;
    oklo::spawn(wait_at(own, order, "child's"));
    CHECK(own.waits());
  }
  CHECK(world.order.empty());
  gate.open();
  CHECK(world.order.starts_with("parent's"));
}

TEST_CASE("server/co: what makes no sense ends the process") {
  CHECK(aborts([] { oklo::spawn(number_to_nobody()); }) == 1000 + SIGABRT);  // No server runs.
  CHECK(aborts([] {
          CoWorld world;
          Co<> one = note(world.order, "1");
          Co<> other = std::move(one);
          oklo::spawn(std::move(one));
        }) == 1000 + SIGABRT);
  CHECK(aborts([] {
          CoWorld world;
          oklo::spawn([]() -> Co<> {
            Co<int> twice = number(1);
            co_await twice;
            co_await twice;
          });
        }) == 1000 + SIGABRT);
  CHECK(aborts([] {
          CoWorld world;
          oklo::spawn([]() -> Co<> {
            co_await number(1);
            throw 1;
          });
        }) == 1000 + SIGABRT);
}
