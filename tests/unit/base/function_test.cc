#include <oklo/function.h>

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>

namespace {

// Counts how many of its kind live.
struct Counted {
  explicit Counted(int* count) : lives(count) { ++*lives; }
  Counted(Counted&& other) noexcept : lives(other.lives) { ++*lives; }
  Counted(const Counted& other) : lives(other.lives) { ++*lives; }
  ~Counted() { --*lives; }
  int* lives;
};

int twice(int number) { return number * 2; }

}  // namespace

TEST_CASE("base/function: an empty one is false") {
  oklo::Function<void()> none, null(nullptr);
  CHECK(!none);
  CHECK(!null);
}

TEST_CASE("base/function: calls a function, a small lambda and a large one") {
  oklo::Function<int(int)> plain(twice);
  CHECK(plain(4) == 8);
  int base = 10;
  oklo::Function<int(int)> small([base](int n) { return base + n; });
  CHECK(small(1) == 11);
  std::array<int, 100> table{};
  table[99] = 5;
  oklo::Function<int(int)> large([table](int n) { return table[static_cast<size_t>(n)]; });
  CHECK(large(99) == 5);
}

TEST_CASE("base/function: arguments that can only be moved, references and answers") {
  oklo::Function<int(std::unique_ptr<int>)> takes([](std::unique_ptr<int> p) { return *p; });
  CHECK(takes(std::make_unique<int>(3)) == 3);
  int number = 1;
  oklo::Function<int&(int&)> same([](int& n) -> int& { return n; });
  same(number) = 9;
  CHECK(number == 9);
  oklo::Function<void(int&)> dropped([](int& n) { return ++n; });
  dropped(number);
  CHECK(number == 10);
  oklo::Function<std::string()> text([] { return "converted"; });
  CHECK(text() == "converted");
}

TEST_CASE("base/function: keeps its state from call to call") {
  oklo::Function<int()> next([n = 0]() mutable { return ++n; });
  CHECK(next() == 1);
  CHECK(next() == 2);
  oklo::Function<int()> moved(std::move(next));
  CHECK(moved() == 3);
  CHECK(!next);
}

TEST_CASE_TEMPLATE("base/function: what it holds is destroyed once", Padding, std::array<char, 1>,
                   std::array<char, 200>) {
  int lives = 0;
  {
    oklo::Function<int()> first([counted = Counted(&lives), padding = Padding{}] {
      return *counted.lives + padding[0];
    });
    CHECK(lives == 1);
    CHECK(first() == 1);
    oklo::Function<int()> second(std::move(first));
    CHECK(lives == 1);
    oklo::Function<int()>& alias = second;
    second = std::move(alias);
    CHECK(second() == 1);
    oklo::Function<int()> third([counted = Counted(&lives)] { return *counted.lives; });
    CHECK(lives == 2);
    third = std::move(second);
    CHECK(lives == 1);
    CHECK(third() == 1);
    third = nullptr;
    CHECK(lives == 0);
    CHECK(!third);
    third = std::move(first);
    CHECK(!third);
  }
  CHECK(lives == 0);
}
