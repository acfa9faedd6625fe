#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace oklo {

template <class Signature>
class Function;

// Whether a Function<void(...)> may hold what gives a T: that is dropped.
template <class T>
inline constexpr bool result_may_be_lost = true;

// Something that can be called: a function, a lambda with what it captured, or nothing yet. It owns
// what it holds, can be moved and not copied. Up to 32 bytes of captures need no allocation. Calling
// an empty one is a bug.
template <class R, class... Args>
class Function<R(Args...)> {
 public:
  Function() = default;
  Function(std::nullptr_t) {}

  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, Function> &&
                                              std::is_invocable_r_v<R, F&, Args...>>>
  Function(F&& callable) {
    using Held = std::decay_t<F>;
    static_assert(!std::is_void_v<R> || result_may_be_lost<std::invoke_result_t<F&, Args...>>,
                  "a coroutine would be made and never run: give it to oklo::spawn");
    if constexpr (fits<Held>) {
      new (storage_) Held(std::forward<F>(callable));
      call_ = [](void* at, Args... args) -> R {
        return static_cast<R>((*static_cast<Held*>(at))(std::forward<Args>(args)...));
      };
      manage_ = [](void* from, void* to) {
        Held* held = static_cast<Held*>(from);
        if (to) new (to) Held(std::move(*held));
        held->~Held();
      };
    } else {
      *reinterpret_cast<Held**>(storage_) = new Held(std::forward<F>(callable));
      call_ = [](void* at, Args... args) -> R {
        return static_cast<R>((**static_cast<Held**>(at))(std::forward<Args>(args)...));
      };
      manage_ = [](void* from, void* to) {
        Held** held = static_cast<Held**>(from);
        if (to) *static_cast<Held**>(to) = *held;
        else delete *held;
      };
    }
  }

  Function(Function&& other) noexcept { take(other); }
  Function& operator=(Function&& other) noexcept {
    if (this == &other) return *this;
    clear();
    take(other);
    return *this;
  }
  ~Function() { clear(); }

  // Whether there is something to call.
  explicit operator bool() const { return call_ != nullptr; }

  R operator()(Args... args) const { return call_(storage_, std::forward<Args>(args)...); }

 private:
  static constexpr size_t kStorageBytes = 32;

  template <class Held>
  static constexpr bool fits = sizeof(Held) <= kStorageBytes && alignof(Held) <= alignof(void*) &&
                               std::is_nothrow_move_constructible_v<Held>;

  void take(Function& other) {
    if (!other.call_) return;
    other.manage_(other.storage_, storage_);
    call_ = std::exchange(other.call_, nullptr);
    manage_ = std::exchange(other.manage_, nullptr);
  }

  void clear() {
    if (call_) manage_(storage_, nullptr);
    call_ = nullptr;
  }

  alignas(void*) mutable unsigned char storage_[kStorageBytes];
  R (*call_)(void*, Args...) = nullptr;
  void (*manage_)(void* from, void* to) = nullptr;
};

}  // namespace oklo
