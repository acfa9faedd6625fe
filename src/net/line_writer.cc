#include "net/line_writer.h"

namespace oklo {

namespace {

constexpr size_t kWriteBytes = 32 * 1024;  // write when this much has gathered
constexpr uint32_t kFlushMs = 500;
constexpr uint32_t kSyslogAgainMs = 2;  // the queue of a daemon holds but few lines

}  // namespace

void LineWriter::append(std::string_view line) {
  if (waiting_.size() + line.size() > kBytesMax) {
    dropped_.add(1);
    return;
  }
  waiting_.append(line);
  if (waiting_.size() >= kWriteBytes) flush();
  else if (!armed()) reactor_.timers().arm(*this, reactor_.clock().now_ms + kFlushMs);
}

void LineWriter::flush() {
  long n = sink_.write(waiting_);
  if (n > 0) waiting_.erase(0, static_cast<size_t>(n));
  bool soon = sink_.priority && n >= 0;
  if (!waiting_.empty() && !armed())
    reactor_.timers().arm(*this, reactor_.clock().now_ms + (soon ? kSyslogAgainMs : kFlushMs));
}

void LineWriter::on_timer() { flush(); }

}  // namespace oklo
