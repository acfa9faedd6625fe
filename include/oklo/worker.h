#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <oklo/function.h>

namespace oklo {

// What a program can do besides answering, in the process that calls these: a worker, a process of its own
// (Server::process), or the master in the callbacks that run there. They belong to that process alone: a fork
// starts with none of them, and all of them end with it. To call them where no server runs, as before
// Server::run, is a bug and ends the process.
//
// What they call is called by the Reactor, between other events; what takes long holds up all connections of
// the worker. Times are counted from the beginning of the Reactor's turn.

// The name of a timer; never given to another one (but for a wrap after 2^32 timers). False: none.
struct TimerId {
  uint64_t value = 0;
  explicit operator bool() const { return value != 0; }
  friend bool operator==(const TimerId&, const TimerId&) = default;
};

// Calls `function` once, so many milliseconds after the beginning of this turn, never earlier.
TimerId after(uint64_t ms, Function<void()> function);

// Calls `function` again and again: the n-th time n intervals after the beginning of this turn, however long
// the calls take. Calls that were missed, because something held up the worker, are left out. An interval of
// 0 is a bug.
TimerId every(uint64_t interval_ms, Function<void()> function);

// Ends a timer; also from its own call. Nothing happens when it is over or there was none.
void cancel(TimerId timer);

// Calls `function` at the end of this turn, after the events and timers that are due.
void defer(Function<void()> function);

// What an fd is watched for, and what it is ready for (epoll_ctl(2)). Error and hang-up are always told.
enum FdEvents : uint32_t {
  fd_readable = 0x001,
  fd_writable = 0x004,
  fd_error = 0x008,
  fd_hang_up = 0x010,
};

// The name of a watch of an fd, as TimerId is of a timer.
struct FdWatch {
  uint64_t value = 0;
  explicit operator bool() const { return value != 0; }
  friend bool operator==(const FdWatch&, const FdWatch&) = default;
};

// Calls `function` with FdEvents in each turn in which the fd is ready for some of `events`. The caller owns
// the fd, makes it non-blocking, and must end the watch before closing it. False when the kernel can't watch
// it (a plain file, a number that is not open) or has no memory. To watch one fd twice is a bug.
FdWatch watch_fd(int fd, uint32_t events, Function<void(uint32_t events)> function);

// Watches for other events from now on, 0 for none but errors; whether it could.
bool change_fd(FdWatch watch, uint32_t events);

// Ends a watch; also from its own call. Nothing happens when it is over or there was none.
void unwatch_fd(FdWatch watch);

// The place of this worker, 1 to worker_count(); a worker that replaces another has the same one. The
// processes of Server::process have the next numbers, in the order of the calls, and the task workers those
// behind. In the master 0.
unsigned worker_number();
unsigned worker_count();

// Which generation of workers this one belongs to: 1 at the start, and one more with each reload. In the
// master the one that serves, 0 before the first does.
unsigned generation();

// The longest message between workers, in bytes.
inline constexpr size_t kMessageBytesMax = 65536;

// Sends a message to the worker or process with that number, from any of them or the master; what
// Server::on_message says is called there. Messages of one sender stay in order; those that wait when a
// worker dies or leaves are for the one that takes its place, but what it was about to handle is lost with
// it. Nothing waits: false when its mailbox, about 100 KB, is full, the message too long, there is no such
// worker, or the server has no on_message.
bool send_message(unsigned number, std::string_view bytes);

// Writes a line to the error log, as "2026-11-21T01:02:03Z worker 1[123]: TEXT". It never waits: a line that
// can't be written at once is dropped and counted.
void log_line(std::string_view text);

}  // namespace oklo
