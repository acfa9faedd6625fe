// Ways to talk that the kernel carries: what is written into one end is copied into the kernel, the reader is
// woken, and it is copied out again. Two system calls a message, and a reader that waits costs nothing.

#include "base/number.h"
#include "experiments/wire.h"
#include "sys/fd.h"
#include "sys/pipe.h"
#include "sys/process.h"
#include "sys/socket_pair.h"

namespace oklo::experiments {

namespace {

// All of them keep whole messages of this size together: a pipe because it is less than PIPE_BUF (pipe(7)),
// a stream because all that is read and written is of the same size.
class DescriptorWire final : public Wire {
 public:
  DescriptorWire(sys::Fd reading, sys::Fd writing)
      : reading_(std::move(reading)), writing_(std::move(writing)) {}

  bool put(const Message& message) override {
    return sys::write_bytes(writing_.get(), &message, sizeof message) == sizeof message;
  }
  bool take(Message& message) override {
    return sys::read_bytes(reading_.get(), &message, sizeof message) == sizeof message;
  }

 private:
  sys::Fd reading_, writing_;
};

Result<std::unique_ptr<Wire>> of_pipe(Result<sys::Pipe> pipe) {
  if (!pipe) return pipe.error();
  return std::unique_ptr<Wire>(new DescriptorWire(std::move(pipe->reading), std::move(pipe->writing)));
}

Result<std::unique_ptr<Wire>> of_pair(sys::PairKind kind) {
  Result<sys::SocketPair> pair = sys::SocketPair::create_waiting(kind);
  if (!pair) return pair.error();
  return std::unique_ptr<Wire>(new DescriptorWire(std::move(pair->first), std::move(pair->second)));
}

Result<std::unique_ptr<Wire>> open_pipe() { return of_pipe(sys::Pipe::create()); }

// A pipe with a name, by which processes find it that are no relatives. Both ends are here already, so the
// name may go at once.
Result<std::unique_ptr<Wire>> open_fifo() {
  static unsigned count = 0;
  std::string pid = decimal(static_cast<uint64_t>(sys::current_pid()));
  return of_pipe(sys::Pipe::create_fifo("/tmp/fifo-of-oklo-" + pid + "-" + decimal(count++)));
}

Result<std::unique_ptr<Wire>> open_stream() { return of_pair(sys::PairKind::stream); }
Result<std::unique_ptr<Wire>> open_datagrams() { return of_pair(sys::PairKind::datagrams); }

}  // namespace

std::vector<Way> descriptor_ways() {
  return {{"pipe", open_pipe},
          {"fifo", open_fifo},
          {"unix socket, stream", open_stream},
          {"unix socket, datagrams", open_datagrams}};
}

}  // namespace oklo::experiments
