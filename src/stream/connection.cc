#include <oklo/connection.h>

#include <utility>

#include "stream/link.h"
#include "sys/file_part.h"

namespace oklo {

ConnectionId Connection::id() const { return link_.id(); }

bool Connection::send(std::string_view bytes) { return link_.send(bytes); }

bool Connection::send_file(const std::string& path, uint64_t offset, uint64_t size) {
  sys::FilePart part;
  return sys::open_part(path, offset, size, part) &&
         link_.send_file(std::move(part.file), part.offset, part.size);
}

bool Connection::send_file(int fd, uint64_t offset, uint64_t size) {
  sys::FilePart part;
  return sys::open_part(fd, offset, size, part) &&
         link_.send_file(std::move(part.file), part.offset, part.size);
}

void Connection::close() { link_.close(CloseReason::finished); }

void Connection::abort() { link_.abort(); }

void Connection::shutdown_send() { link_.shutdown_send(); }

void Connection::pause() { link_.pause(); }

void Connection::resume() { link_.resume(); }

void Connection::bind(uint64_t user) { link_.bind(user); }

void Connection::close_for(CloseReason reason) { link_.close(reason); }

bool Connection::filled() const { return link_.filled(); }

ConnectionInfo Connection::info() const { return link_.info(); }

void* Connection::state_memory() { return link_.state(); }

}  // namespace oklo
