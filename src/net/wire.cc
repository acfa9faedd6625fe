#include "net/wire.h"

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "sys/passing.h"
#include "sys/socket.h"

namespace oklo {

using codec::WireRecord;
using codec::WireUnits;

namespace {

constexpr size_t kHead = codec::kWirePartHeadBytes;
constexpr size_t kKeptBytes = 4 * Wire::kDatagramBytes;  // of the memory that units are made in

// A datagram begins with its writer.
uint32_t writer_of(std::string_view datagram) {
  codec::WirePart part = {};
  std::memcpy(&part, datagram.data(), std::min(datagram.size(), sizeof part));
  return part.writer;
}

}  // namespace

Wire::Wire(Reactor& reactor, int fd, uint32_t writer, std::span<char> buffer, Events events, Writers others)
    : reactor_(reactor),
      fd_(fd),
      writer_(writer),
      buffer_(buffer),
      events_(std::move(events)),
      others_(others) {
  OKLO_ASSERT(buffer_.size() >= kDatagramBytes);
  next_.number = 1;
  next_.bytes.resize(kHead);
}

Wire::~Wire() {
  if (added_) reactor_.remove(fd_);
}

Result<void> Wire::start() {
  if (long failed = reactor_.add(fd_, 0, *this); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a wire");
  added_ = true;
  watch();
  return {};
}

// ---------------------------------------------------------------- sending

void Wire::put(WireRecord record, sys::Fd file) {
  OKLO_ASSERT(record.bytes.size() <= kRecordBytesMax);
  bool fits = next_.bytes.size() - committed_ + record.bytes.size() <= kRecordBytesMax &&
              next_.files.size() - committed_files_ < kUnitFilesMax;
  if (!fits) commit();
  if (file) {
    record.flags |= kHasFile;
    next_.files.push_back(std::move(file));
  }
  codec::append_wire_record(next_.bytes, record);
}

uint32_t Wire::commit() {
  bool too_much = next_.bytes.size() > kDatagramBytes || next_.files.size() > sys::kPassedFdsMax;
  if (too_much && committed_ > kHead) ship(committed_, committed_files_);
  committed_ = next_.bytes.size();
  committed_files_ = next_.files.size();
  reactor_.flush_last(*this);
  return next_.number;
}

void Wire::flush() {
  if (committed_ > kHead) ship(committed_, committed_files_);
}

// Sends that much of what was put as a unit of its own.
void Wire::ship(size_t bytes, size_t files) {
  Unit unit;
  unit.number = next_.number++;
  unit.bytes.swap(next_.bytes);
  unit.files.swap(next_.files);
  if (bytes == unit.bytes.size() && waiting_.empty() && send(unit)) {
    next_.bytes.swap(unit.bytes);
    if (next_.bytes.capacity() > kKeptBytes) next_.bytes = {};
    next_.bytes.resize(kHead);
  } else {
    next_.bytes.resize(kHead);
    next_.bytes.append(unit.bytes, bytes);
    unit.bytes.resize(bytes);
    auto rest = unit.files.begin() + static_cast<std::ptrdiff_t>(files);
    next_.files.assign(std::make_move_iterator(rest), std::make_move_iterator(unit.files.end()));
    unit.files.resize(files);
    waiting_bytes_ += unit.bytes.size();
    waiting_.push_back(std::move(unit));
    owes_room_ = true;
    send_waiting();
  }
  committed_ = kHead;
  committed_files_ = 0;
}

// Whether it has left, whole.
bool Wire::send(Unit& unit) {
  while (unit.sent < unit.bytes.size() - kHead) {
    long result = send_part(unit);
    if (may_wait(result)) return false;
    if (result >= 0) continue;
    refuse(writer_);  // The kernel will never take it.
    return true;
  }
  return true;
}

// The kernel may have no memory now, or too many files that are under way.
bool Wire::may_wait(long result) {
  return sys::try_later(result) || result == -ENOBUFS || result == -ENOMEM || result == -ETOOMANYREFS;
}

// The files go with the last part; those that are more than go with one go with parts before it, short ones
// where there would be none: each file has a record.
long Wire::send_part(Unit& unit) {
  size_t size = unit.bytes.size() - kHead;
  size_t part = std::min(size - unit.sent, kPartBytesMax);
  size_t files = unit.files.size() - unit.files_sent;
  bool more_files = files > sys::kPassedFdsMax;
  if (more_files && unit.sent + part == size) part = codec::kWireRecordHeadBytes;
  codec::WirePart head = {writer_, unit.number, static_cast<uint32_t>(size),
                          static_cast<uint32_t>(unit.sent)};
  bool last = unit.sent + part == size;
  long result = 0;
  if (part == size && unit.files.empty()) {
    codec::write_wire_part(unit.bytes.data(), head);
    result = sys::send_bytes(fd_, unit.bytes.data(), unit.bytes.size());
  } else {
    char bytes[kHead];
    codec::write_wire_part(bytes, head);
    std::string_view body = std::string_view(unit.bytes).substr(kHead + unit.sent, part);
    size_t count = more_files ? sys::kPassedFdsMax : last ? files : 0;
    std::span<const sys::Fd> with = std::span<const sys::Fd>(unit.files).subspan(unit.files_sent, count);
    result = sys::send_with_fds(fd_, {bytes, kHead}, body, with);
    if (result >= 0) unit.files_sent += count;
  }
  if (result >= 0) unit.sent += part;
  return result;
}

void Wire::send_waiting() {
  while (!waiting_.empty() && send(waiting_.front())) {
    waiting_bytes_ -= waiting_.front().bytes.size();
    waiting_.pop_front();
  }
  watch();
}

// ---------------------------------------------------------------- receiving

void Wire::read(bool wanted) {
  reads_ = wanted;
  watch();
}

void Wire::watch() {
  uint32_t wanted = (reads_ ? +sys::kReadable : 0u) | (owes_room_ ? +sys::kWritable : 0u);
  if (!added_ || wanted == watched_) return;
  if (reactor_.modify(fd_, wanted) < 0) return refuse(writer_);
  watched_ = wanted;
}

// It may all have left meanwhile, with what was put behind it.
void Wire::on_event(uint32_t events) {
  if (events & sys::kWritable && owes_room_) {
    send_waiting();
    if (!full()) tell_room();
  }
  if (events & sys::kReadable && reads_) receive_one();
}

void Wire::tell_room() {
  owes_room_ = false;
  watch();
  if (events_.on_room) events_.on_room();
}

void Wire::read_all() {
  while (reads_ && receive_one()) {
  }
}

// Whether something was there. What the kernel can't give now stays there.
bool Wire::receive_one() {
  std::vector<sys::Fd> files;
  long size = sys::receive_with_fds(fd_, buffer_.first(kDatagramBytes), files);
  if (size < 0 && size != -EMSGSIZE) return false;
  if (size <= 0) refuse_cut(size == 0);
  else receive({buffer_.data(), static_cast<size_t>(size)}, std::move(files));
  return true;
}

void Wire::receive(std::string_view datagram, std::vector<sys::Fd> files) {
  using Outcome = WireUnits::Outcome;
  uint32_t writer = writer_of(datagram);
  Incoming* before = find(writer);
  if (!before && others_ == Writers::one) under_way_.clear();  // Whoever was there is gone.
  Incoming& incoming = before ? *before : fresh_;
  WireUnits::Fed fed = incoming.parts.feed(datagram);
  // Those before it are of a unit that never came whole.
  if (fed.first) incoming.files.clear();
  for (sys::Fd& file : files) incoming.files.push_back(std::move(file));
  if (incoming.files.size() > kUnitFilesMax) incoming.files.clear();
  if (fed.outcome == Outcome::more) return before ? void() : keep(writer);
  if (fed.outcome == Outcome::unit && events_.on_unit) events_.on_unit(fed.writer, fed.number);
  bool broken = fed.outcome == Outcome::broken;
  if (fed.outcome == Outcome::unit) broken = !take(fed.unit, incoming.files);
  if (before) forget(writer);
  else fresh_.files.clear();
  if (broken) refuse(fed.writer);
}

Wire::Incoming* Wire::find(uint32_t writer) {
  auto found = std::find_if(under_way_.begin(), under_way_.end(),
                            [writer](const Incoming& one) { return one.writer == writer; });
  return found == under_way_.end() ? nullptr : &*found;
}

// Of many that have begun and not ended, the first one's writer has been dead for longest.
void Wire::keep(uint32_t writer) {
  if (under_way_.size() == kWritersMax) under_way_.erase(under_way_.begin());
  under_way_.push_back(std::exchange(fresh_, {}));
  under_way_.back().writer = writer;
}

void Wire::forget(uint32_t writer) {
  std::erase_if(under_way_, [writer](const Incoming& one) { return one.writer == writer; });
}

// A datagram that is too long, or empty: then it says not even who has sent it. What stood in it is lost, and
// whoever sent it is to be replaced, so that nobody waits for it.
void Wire::refuse_cut(bool empty) {
  codec::WirePart part = {};
  if (!empty) std::memcpy(&part, buffer_.data(), sizeof part);
  refuse(part.writer);
}

// False when something is wrong with it.
bool Wire::take(std::string_view unit, std::vector<sys::Fd>& files) {
  WireRecord record;
  size_t files_taken = 0;
  codec::WireRead read = codec::WireRead::record;
  while ((read = codec::read_wire_record(unit, record)) == codec::WireRead::record) {
    sys::Fd file;
    // Files that this process could not have are missing at the end.
    if (record.flags & kHasFile && files_taken < files.size()) file = std::move(files[files_taken++]);
    events_.on_record(record, std::move(file));
  }
  return read == codec::WireRead::end;
}

void Wire::refuse(uint32_t writer) {
  if (events_.on_broken) events_.on_broken(writer);
}

}  // namespace oklo
