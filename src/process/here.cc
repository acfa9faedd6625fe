#include "process/here.h"

#include <utility>

#include "base/assert.h"

#include <oklo/worker.h>

namespace oklo {

namespace {

thread_local Here* here = nullptr;

}  // namespace

Here::Here(Reactor& of_reactor, Log& of_log, uint32_t own_number, uint32_t workers, uint32_t own_generation)
    : reactor(of_reactor),
      log(of_log),
      number(own_number),
      count(workers),
      generation(own_generation),
      timers(of_reactor.timers()),
      fds(of_reactor),
      before_(std::exchange(here, this)) {}

// What coroutines have begun ends with them, here.
Here::~Here() {
  coroutines.reset();
  here = before_;
}

Here& Here::current() {
  OKLO_ASSERT(here && "called where no server runs: use it in a handler or a callback of the server");
  return *here;
}

// ---------------------------------------------------------------- the public functions

static_assert(+fd_readable == +sys::kReadable && +fd_writable == +sys::kWritable);
static_assert(+fd_error == +sys::kError && +fd_hang_up == +sys::kHangUp);

TimerId after(uint64_t ms, Function<void()> function) {
  Here& at = Here::current();
  return {at.timers.add_once(at.reactor.clock().now_ms + ms, std::move(function))};
}

TimerId every(uint64_t interval_ms, Function<void()> function) {
  Here& at = Here::current();
  return {at.timers.add_periodic(at.reactor.clock().now_ms, interval_ms, std::move(function))};
}

void cancel(TimerId timer) { Here::current().timers.cancel(timer.value); }

void defer(Function<void()> function) { Here::current().reactor.post(std::move(function)); }

FdWatch watch_fd(int fd, uint32_t events, Function<void(uint32_t)> function) {
  return {Here::current().fds.add(fd, events, std::move(function))};
}

bool change_fd(FdWatch watch, uint32_t events) { return Here::current().fds.change(watch.value, events); }

void unwatch_fd(FdWatch watch) { Here::current().fds.remove(watch.value); }

unsigned worker_number() { return Here::current().number; }

unsigned worker_count() { return Here::current().count; }

unsigned generation() { return Here::current().generation; }

bool send_message(unsigned number, std::string_view bytes) {
  Here& at = Here::current();
  return at.mail && number > 0 && at.mail->send(at.number, number - 1, bytes);
}

void log_line(std::string_view text) { Here::current().log.line(text); }

}  // namespace oklo
