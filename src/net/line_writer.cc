#include "net/line_writer.h"

#include "sys/stderr.h"

namespace oklo {

namespace {

constexpr size_t kWriteBytes = 32 * 1024;  // write when this much has gathered
constexpr uint32_t kFlushMs = 500;

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
  long n = sys::write_without_waiting(fd_, waiting_);
  if (n > 0) waiting_.erase(0, static_cast<size_t>(n));
  if (!waiting_.empty() && !armed()) reactor_.timers().arm(*this, reactor_.clock().now_ms + kFlushMs);
}

void LineWriter::on_timer() { flush(); }

}  // namespace oklo
