#include "net/line_writer.h"

#include "sys/stderr.h"

namespace oklo {

namespace {

constexpr size_t kWriteBytes = 32 * 1024;  // write when this much has gathered
constexpr size_t kPipeBytes = 4096;        // a pipe takes this much whole or not at all (pipe(7))
constexpr uint32_t kFlushMs = 500;

}  // namespace

void LineWriter::append(std::string_view line) {
  if (waiting_.size() + line.size() > kBytesMax) {
    dropped_++;
    return;
  }
  waiting_.append(line);
  if (waiting_.size() >= kWriteBytes) flush();
  else if (!armed()) reactor_.timers().arm(*this, reactor_.clock().now_ms + kFlushMs);
}

// Whole lines at a time, so that those of several workers do not run into each other.
void LineWriter::flush() {
  size_t written = 0;
  while (written < waiting_.size()) {
    std::string_view rest = std::string_view(waiting_).substr(written);
    size_t end = rest.size() <= kPipeBytes ? rest.size() : rest.rfind('\n', kPipeBytes - 1) + 1;
    if (end == 0) end = rest.find('\n') + 1;
    long n = sys::write_without_waiting(fd_, rest.substr(0, end));
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  waiting_.erase(0, written);
  if (!waiting_.empty() && !armed()) reactor_.timers().arm(*this, reactor_.clock().now_ms + kFlushMs);
}

void LineWriter::on_timer() { flush(); }

}  // namespace oklo
