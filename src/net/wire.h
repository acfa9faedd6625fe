#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire_unit.h"
#include "reactor/reactor.h"
#include "sys/fd.h"

#include <oklo/function.h>

namespace oklo {

// One end of a pair of datagram sockets between a reactor thread of the gate and a worker: units of records,
// in the order in which they were put there, with files.
//
// Records are put one after another; what must arrive together, or not at all, is committed together. What
// was committed leaves at the end of phase 7 of the turn, as one. What the socket does not take waits here,
// and whoever puts records looks at `full` and holds back.
class Wire final : private EventHandler {
 public:
  static constexpr size_t kDatagramBytes = 32 * 1024;
  static constexpr size_t kUnitBytesMax = size_t{256} << 20;
  static constexpr size_t kUnitFilesMax = 1024;
  static constexpr size_t kRecordBytesMax = kUnitBytesMax - 1024;  // of what a record has
  // A record may come with a file: its flags say so.
  static constexpr uint16_t kHasFile = 0x8000;

  struct Events {
    // A unit begins; its records follow.
    Function<void(uint32_t writer, uint32_t number)> on_unit = {};
    Function<void(const codec::WireRecord& record, sys::Fd file)> on_record = {};
    // What waited has left.
    Function<void()> on_room = {};
    // Something came that no wire sends, or that this one sends the kernel never takes; it was dropped.
    // `writer` 0: who has sent it can't be told.
    Function<void(uint32_t writer)> on_broken = {};
  };

  // Who is at the other end: one process after another, or several at a time, as a worker that leaves still
  // says what its successor says beside it.
  enum class Writers : bool { one, several };
  static constexpr size_t kWritersMax = 8;  // of which something has come and something has not

  // The fd and `buffer`, of kDatagramBytes, are borrowed; several wires may share the buffer. `writer` is who
  // this is: the pid.
  Wire(Reactor& reactor, int fd, uint32_t writer, std::span<char> buffer, Events events,
       Writers others = Writers::one);
  Wire(const Wire&) = delete;
  ~Wire();

  Result<void> start();
  // From now on units are read, or not; at the start they are not.
  void read(bool wanted);
  // Reads all that is there now.
  void read_all();
  // Whether a unit was begun to be read and has not come whole.
  bool in_unit() const { return !under_way_.empty(); }
  // That writer is gone: what has come of a unit of its own is dropped.
  void forget(uint32_t writer);

  // The record has kRecordBytesMax bytes at most.
  void put(codec::WireRecord record, sys::Fd file = {});
  // What was put since the last commit arrives together or not at all: in the unit whose number comes back.
  // Numbers of units grow by one, and wrap. What is more than a unit may have is torn.
  uint32_t commit();
  // Sends what was committed now and not when the turn ends.
  void flush();

  // Something waits for the other side to read.
  bool full() const { return !waiting_.empty(); }
  size_t waiting_bytes() const { return waiting_bytes_; }
  // The same, and what was put since.
  size_t unsent_bytes() const { return waiting_bytes_ + next_.bytes.size() - codec::kWirePartHeadBytes; }

 private:
  struct Unit {
    uint32_t number = 0;
    std::string bytes;           // the records, behind room for the head of a part
    std::vector<sys::Fd> files;  // in the order of their records
    size_t sent = 0;             // of the records
    size_t files_sent = 0;
  };
  // What has come of a unit.
  struct Incoming {
    uint32_t writer = 0;
    codec::WireUnits parts{kUnitBytesMax};
    std::vector<sys::Fd> files = {};
  };
  static constexpr size_t kPartBytesMax = kDatagramBytes - codec::kWirePartHeadBytes;

  void on_event(uint32_t events) override;
  void on_flush() override { flush(); }
  bool receive_one();
  void receive(std::string_view datagram, std::vector<sys::Fd> files);
  Incoming* find(uint32_t writer);
  void keep(uint32_t writer);
  void refuse_cut(bool empty);
  bool take(std::string_view unit, std::vector<sys::Fd>& files);
  void refuse(uint32_t writer);
  void ship(size_t bytes, size_t files);
  bool send(Unit& unit);
  static bool may_wait(long result);
  long send_part(Unit& unit);
  void send_waiting();
  void tell_room();
  void watch();

  Reactor& reactor_;
  int fd_;
  uint32_t writer_;
  std::span<char> buffer_;
  Events events_;
  Writers others_;
  Incoming fresh_;                 // for what begins; nearly all units have one part
  std::vector<Incoming> under_way_;
  Unit next_;                      // what is put now
  size_t committed_ = codec::kWirePartHeadBytes;
  size_t committed_files_ = 0;
  std::deque<Unit> waiting_;       // for the other side to read
  bool owes_room_ = false;         // something has waited, and on_room was not called since
  size_t waiting_bytes_ = 0;
  uint32_t watched_ = 0;
  bool reads_ = false;
  bool added_ = false;
};

}  // namespace oklo
