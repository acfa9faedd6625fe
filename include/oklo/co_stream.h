#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <oklo/close_reason.h>
#include <oklo/co.h>
#include <oklo/connection_id.h>
#include <oklo/function.h>
#include <oklo/stream.h>

namespace oklo {

namespace co {

// Refers to a StreamCore; counted.
class StreamRef {
 public:
  StreamRef() = default;
  explicit StreamRef(StreamCore* core) noexcept;
  StreamRef(StreamRef&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  StreamRef& operator=(StreamRef&& other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~StreamRef();
  StreamCore* get() const { return core_; }
  StreamCore* operator->() const { return core_; }
  explicit operator bool() const { return core_ != nullptr; }

 private:
  StreamCore* core_ = nullptr;
};

}  // namespace co

// What read, read_line and read_exactly give.
class [[nodiscard]] StreamRead {
 public:
  StreamRead(const StreamRead&) = delete;
  ~StreamRead();
  bool await_ready();
  void await_suspend(co::Handle coroutine);
  std::optional<std::string_view> await_resume() const noexcept { return found_; }

 private:
  friend class Stream;
  friend class co::StreamCore;
  enum class Wants : uint8_t { any, line, exactly };
  StreamRead(co::StreamCore* core, Wants wants, size_t bytes) noexcept
      : core_(core), bytes_(bytes), wants_(wants) {}

  co::StreamRef core_;
  co::Handle waiting_;
  size_t bytes_;
  size_t scanned_ = 0;  // of what is there, without the end of a line in it
  std::optional<std::string_view> found_;
  Wants wants_;
};

// What write gives.
class [[nodiscard("without co_await nothing keeps the queue within its bounds")]] StreamWrite {
 public:
  StreamWrite(const StreamWrite&) = delete;
  ~StreamWrite();
  bool await_ready() const noexcept { return !must_wait_; }
  void await_suspend(co::Handle coroutine);
  bool await_resume() const noexcept { return sent_; }

 private:
  friend class Stream;
  friend class co::StreamCore;
  StreamWrite(co::StreamCore* core, std::string_view bytes);

  co::StreamRef core_;
  co::Handle waiting_;
  bool sent_ = false;
  bool must_wait_ = false;
};

// One stream, over TCP or a unix socket, in the hands of a coroutine that reads and writes it in order:
//
//   server.tcp(":9503", [](oklo::Stream peer) -> oklo::Co<void> {
//     while (auto line = co_await peer.read_line())
//       co_await peer.write("you said " + std::string(*line) + "\n");
//   });
//
// It is owned: it can be moved, not copied, and when it dies the connection is closed as by `close`. Pass it
// on by reference to a coroutine that is awaited. One that failed to be made, or was moved away, is false; it
// gives nothing and takes nothing.
//
// A connection that was accepted owns the coroutine that serves it. When it has closed, be it by the peer, a
// limit of StreamOptions or set_read_time, a stop of the server or `close`, its reads give nothing and its
// writes false, at once, so that the coroutine may end by itself; where it waits, or begins to wait, for
// anything else it is ended: its locals are destroyed, the last one first, and what it awaits is given up.
// After that nothing of it runs. What is to outlive the connection goes to spawn. That the peer has ended its
// sending side is not the end: reads give nothing, and writes still go out.
//
// As others, such connections stay with their worker after a reload, within the shutdown timeout, and are
// closed by a stop.
class Stream {
 public:
  Stream() = default;
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  // Whether it was made: also when it has closed since.
  explicit operator bool() const { return id().generation != 0; }
  // Why connect has failed, as a sentence.
  std::string_view error() const;
  // What the functions of <oklo/connection_id.h> know it as, and with_connection for all that a Connection
  // can do besides. Leave pause, resume and what closes it to the Stream.
  ConnectionId id() const;

  // The next three are for co_await, and one of them at a time. They give nothing when the stream has ended.
  // The bytes are borrowed until the next read of the stream.
  //
  // All that has come, at least one byte; with StreamOptions::framing the next message, which may be empty.
  StreamRead read() { return StreamRead(core_.get(), StreamRead::Wants::any, 0); }
  // The next line without its end, LF or CR LF. Nothing, too, when it has more than `bytes_max`: the Stream
  // has not `ended` then, but all of it stays to be read. With framing the next two are a bug.
  StreamRead read_line(size_t bytes_max = 65536) {
    return StreamRead(core_.get(), StreamRead::Wants::line, bytes_max);
  }
  // So many bytes. What is there of them when the stream ends can still be read, as of a line.
  StreamRead read_exactly(size_t bytes) {
    return StreamRead(core_.get(), StreamRead::Wants::exactly, bytes);
  }
  // How many milliseconds a read may wait, from the next one on; 0, as at first: for ever. One that has not
  // all that it wants by then gives nothing, and the stream is closed, as by `close` but with
  // CloseReason::idle_timeout. Time in which no read waits does not count, and bytes that come give a read of
  // a line no more of it: StreamOptions::idle_time_ms is about the silence of the peer alone.
  void set_read_time(uint32_t ms);
  // Whether the peer has ended its sending side, or it is closed. Bytes may still wait to be read.
  bool ended() const;
  // Why it has closed, if it has.
  std::optional<CloseReason> closed() const;

  // Sends a copy of the bytes, and is for co_await: when more than StreamOptions::high_water wait to be sent,
  // it goes on when not more than low_water do any more. One coroutine at a time may wait there. False when
  // it is closed, or its sending side is.
  StreamWrite write(std::string_view bytes) { return StreamWrite(core_.get(), bytes); }

  // As those of Connection: the first when all that was sent has gone out, the second at once; the third ends
  // the sending side alone. Nothing can be read or written any more when it has closed.
  void close();
  void abort();
  void shutdown_send();

 private:
  friend class co::StreamCore;
  friend class Connecting;
  explicit Stream(co::StreamRef core) noexcept : core_(std::move(core)) {}
  co::StreamRef core_;
};

// What serves a raw stream: a function of (Stream), by value, that gives a Co<void>.
class StreamCoroutine : public Function<Co<void>(Stream)> {
 public:
  template <class F>
    requires std::is_same_v<std::invoke_result_t<F&, Stream>, Co<void>>
  StreamCoroutine(F serve) : Function(std::move(serve)) {}
};

// What connect gives.
class [[nodiscard]] Connecting {
 public:
  Connecting(std::string_view address, uint64_t timeout_ms);
  Connecting(const Connecting&) = delete;
  ~Connecting();
  bool await_ready() const noexcept;
  void await_suspend(co::Handle coroutine) noexcept { waiting_ = coroutine; }
  Stream await_resume() noexcept { return Stream(std::move(core_)); }

 private:
  friend class co::StreamCore;
  void take_timeout();
  co::StreamRef core_;
  TimerId timer_;
  co::Handle waiting_;
  std::string address_;
  uint64_t timeout_ms_;
};

// For co_await: makes a connection to another server, as StreamClient does with its own options, and gives a
// Stream; one that is false says with error() why. It begins with the call, and has failed when it is not
// there after timeout_ms. The connection closes when its Stream dies.
inline Connecting connect(std::string_view address, uint64_t timeout_ms = 5000) {
  return Connecting(address, timeout_ms);
}

}  // namespace oklo
