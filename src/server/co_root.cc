#include "server/co_root.h"

#include "base/assert.h"
#include "server/coroutines.h"

namespace oklo::co {

namespace {

int depth = 0;  // calls of resume that are under way

}  // namespace

// What has ended is destroyed from outside: nothing of it may be running.
void resume(Handle coroutine) {
  depth++;
  coroutine.resume();
  depth--;
  Coroutines::current().bury();
}

void RootPlace::end() { delete root_; }

RootPlace::~RootPlace() {
  if (root_) root_->place_ = nullptr;
}

Root::Root(Co<void> coroutine, RootPlace* place) noexcept
    : Waiter{take_end}, place_(place), coroutine_(std::move(coroutine)) {
  OKLO_ASSERT(coroutine_.frame_ && !coroutine_.frame_.promise().waiter_ && "a Co is spawned or awaited once");
  coroutine_.frame_.promise().waiter_ = this;
  if (place_) place_->root_ = this;
}

void Root::start(Co<void> coroutine, RootPlace* place) {
  Root* root = new Root(std::move(coroutine), place);
  Handle frame = root->coroutine_.frame_;
  Coroutines::current().add(*root);
  resume(frame);
}

Root::~Root() {
  unlink();
  leave_place();
}

// A program may resume a coroutine by itself, in an awaitable of its own.
Handle Root::take_end(Waiter& self) noexcept {
  Root& root = static_cast<Root&>(self);
  root.unlink();
  root.leave_place();
  Coroutines::current().add_ended(root);
  if (depth == 0) defer([] { Coroutines::current().bury(); });
  return std::noop_coroutine();
}

}  // namespace oklo::co
