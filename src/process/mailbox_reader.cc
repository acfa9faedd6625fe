#include "process/mailbox_reader.h"

#include <cstring>
#include <utility>

#include <oklo/worker.h>

namespace oklo {

namespace {

constexpr size_t kBufferBytes = sizeof(Mailboxes::Header) + kMessageBytesMax;

}  // namespace

Result<std::unique_ptr<MailboxReader>> MailboxReader::start(Reactor& reactor, int fd, OnMessage on_message) {
  std::unique_ptr<MailboxReader> reader(new MailboxReader(reactor, fd, std::move(on_message)));
  if (long failed = reactor.add(fd, sys::kReadable, *reader); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a mailbox");
  reader->watched_ = true;
  reader->buffer_.reset(new char[kBufferBytes]);
  return reader;
}

MailboxReader::~MailboxReader() {
  if (watched_) reactor_.remove(fd_);
}

// The predecessor of this worker may read from the same mailbox, so there may be nothing left.
void MailboxReader::on_event(uint32_t) {
  for (int i = 0; i < kMessagesMax && read_one(); i++) {
  }
}

bool MailboxReader::read_one() {
  sys::Fd passed;
  long size = sys::receive_message(fd_, {buffer_.get(), kBufferBytes}, passed);
  Mailboxes::Header header;
  if (size < static_cast<long>(sizeof header)) return false;
  std::memcpy(&header, buffer_.get(), sizeof header);
  on_message_(header.from, {buffer_.get() + sizeof header, static_cast<size_t>(size) - sizeof header});
  return true;
}

Result<std::unique_ptr<MailboxReader>> read_mail(const WorkerContext& context, Application& application) {
  if (!context.mail) return std::unique_ptr<MailboxReader>();
  return MailboxReader::start(
      *context.reactor, context.mail->reading_end(context.slot),
      [&application](uint32_t from, std::string_view bytes) { application.on_message(from, bytes); });
}

}  // namespace oklo
