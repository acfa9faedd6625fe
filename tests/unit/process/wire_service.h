#pragma once

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "process/application.h"
#include "process/wires.h"
#include "reactor/doorbell.h"
#include "reactor/timer_wheel.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/socket_pair.h"

// What the processes of a test of process mode share.
struct WireShared {
  std::atomic<int> readers[8] = {};          // [slot] the pid of who reads its wires
  std::atomic<unsigned> two_readers = 0;     // how often another one that lives did
  std::atomic<bool> keeps_wires = false;     // a worker that leaves reads on until this is false
  std::atomic<bool> gate_fails = false;
  std::atomic<bool> gate_waits = false;      // until this is false it does not leave
  std::atomic<bool> hangs = false;           // until this is false who was told to hang does
  std::atomic<unsigned> gate_bells = 0;      // that were heard
  std::atomic<unsigned> gate_threads = 0;    // that were started
};

struct WireMessage {
  uint32_t number = 0;
  int pid = 0;
  char what = 0;
};

inline bool receive_wire(int fd, WireMessage& message) {
  oklo::sys::Fd passed;
  std::span<char> room(reinterpret_cast<char*>(&message), sizeof message);
  return oklo::sys::receive_message(fd, room, passed) == static_cast<long>(sizeof message);
}

inline bool send_wire(int fd, const WireMessage& message) {
  return oklo::sys::send_message(fd, {reinterpret_cast<const char*>(&message), sizeof message}) > 0;
}

inline void hang(const WireShared& shared) {
  while (shared.hangs) poll(nullptr, 0, 2);
}

// A thread of the gate: each byte of a connection goes to one worker after the other until one answers, and
// its pid goes back to the client. At 'G' it answers itself, at 'H' when it has hung.
class WireGate final : public oklo::WorkerService, private oklo::EventHandler, private oklo::Timer {
 public:
  WireGate(oklo::WorkerContext& context, WireShared& shared) : context_(context), shared_(shared) {}

  oklo::Result<void> start() override {
    shared_.gate_threads++;
    if (context_.access_log.fd >= 0) abort();  // That is for the workers.
    if (shared_.gate_fails && context_.thread == 1) return oklo::Error{0, "the gate's test wants it so"};
    listener_ = context_.listeners[0][context_.thread];
    if (context_.reactor->add(listener_, oklo::sys::kReadable, *this) < 0) abort();
    bell_ = oklo::Doorbell::create(*context_.reactor, context_.broadcast->bell(context_.life), [this] {
              shared_.gate_bells++;
            }).value();
    return {};
  }
  void serve(uint32_t) override { abort(); }
  void leave(uint32_t) override { abort(); }
  void drain(oklo::DrainMode, uint64_t) override {
    if (listener_ >= 0) context_.reactor->remove(listener_);
    listener_ = -1;
    leaving_ = true;
    on_timer();
  }
  void reopen_log(oklo::LogSink) override { abort(); }

 private:
  struct Client final : oklo::EventHandler {
    Client(WireGate& of, int socket) : gate(of), fd(socket) {}
    void on_event(uint32_t) override { gate.read(*this); }
    void on_destroy() override { gate.forget(*this); }
    WireGate& gate;
    oklo::sys::Fd fd;
  };

  void on_event(uint32_t) override {
    oklo::sys::Address peer;
    int fd = static_cast<int>(oklo::sys::accept_connection(listener_, peer));
    if (fd < 0) return;
    auto client = std::make_unique<Client>(*this, fd);
    if (context_.reactor->add(fd, oklo::sys::kReadable, *client) < 0) abort();
    clients_[fd] = std::move(client);
    context_.row->connections = static_cast<uint32_t>(clients_.size());
  }
  void read(Client& client) {
    char what = 0;
    if (::read(client.fd.get(), &what, 1) == 1) {
      if (what == 'Q') return context_.reactor->stop();
      if (what == 'H') hang(shared_);
      int pid = what == 'G' || what == 'H' ? getpid() : ask(what);
      (void)!::write(client.fd.get(), &pid, sizeof pid);
      return;
    }
    context_.reactor->remove(client.fd.get());
    context_.reactor->destroy_later(client);
  }
  void forget(Client& client) { clients_.erase(client.fd.get()); }

  // Some two seconds at the most.
  int ask(char what) {
    WireMessage asked = {++number_, 0, what}, answer;
    for (int tries = 0; tries < 100; tries++) {
      int wire = context_.wires->gate_end(context_.thread, next_++ % context_.slots);
      if (!send_wire(wire, asked)) continue;
      for (pollfd readable = {wire, POLLIN, 0}; poll(&readable, 1, 20) == 1;)
        if (receive_wire(wire, answer) && answer.number == number_) return answer.pid;
    }
    return 0;
  }

  void on_timer() override {
    if (clients_.empty() && !shared_.gate_waits) return context_.drained();
    context_.reactor->timers().arm(*this, context_.reactor->clock().now_ms + 2);
  }

  oklo::WorkerContext& context_;
  WireShared& shared_;
  int listener_ = -1;
  uint32_t number_ = 0;
  uint32_t next_ = 0;
  bool leaving_ = false;
  std::unique_ptr<oklo::Doorbell> bell_;
  std::map<int, std::unique_ptr<Client>> clients_;
};

// A worker behind a gate: it answers with its pid; at 'l' with a line in the access log before, at 'k' it
// kills its keeper before.
class WireWorker final : public oklo::WorkerService, private oklo::EventHandler, private oklo::Timer {
 public:
  WireWorker(oklo::WorkerContext& context, WireShared& shared) : context_(context), shared_(shared) {}

  oklo::Result<void> start() override { return {}; }
  void serve(uint32_t slot) override {
    if (slot != context_.slot || !context_.listeners.empty()) abort();
    int before = shared_.readers[slot].exchange(getpid());
    if (before && kill(before, 0) == 0) shared_.two_readers++;
    reads_ = true;
    for (uint32_t thread = 0; thread < context_.threads; thread++)
      if (context_.reactor->add(context_.wires->worker_end(thread, slot), oklo::sys::kReadable, *this) < 0)
        abort();
  }
  void leave(uint32_t) override { abort(); }
  void drain(oklo::DrainMode, uint64_t) override { on_timer(); }
  void reopen_log(oklo::LogSink log) override { context_.access_log = log; }

 private:
  void on_event(uint32_t) override {
    for (uint32_t thread = 0; thread < context_.threads; thread++) {
      int wire = context_.wires->worker_end(thread, context_.slot);
      for (WireMessage message; receive_wire(wire, message); context_.row->requests.add(1)) {
        if (message.what == 'k') kill(getppid(), SIGKILL);
        if (message.what == 'l') (void)!::write(context_.access_log.fd, "line\n", 5);
        message.pid = getpid();
        send_wire(wire, message);
      }
    }
  }
  void on_timer() override {
    if (shared_.keeps_wires) {
      context_.reactor->timers().arm(*this, context_.reactor->clock().now_ms + 2);
      return;
    }
    for (uint32_t thread = 0; reads_ && thread < context_.threads; thread++)
      context_.reactor->remove(context_.wires->worker_end(thread, context_.slot));
    if (reads_) shared_.readers[context_.slot] = 0;
    reads_ = false;
    context_.left();
    context_.drained();
  }

  oklo::WorkerContext& context_;
  WireShared& shared_;
  bool reads_ = false;
};
