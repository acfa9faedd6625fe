#include <oklo/connection.h>

#include <algorithm>
#include <utility>

#include "stream/link.h"
#include "sys/file.h"

namespace oklo {

namespace {

bool send_part(stream::Link& link, sys::Fd file, uint64_t offset, uint64_t size) {
  sys::FileInfo info;
  if (sys::file_info(file.get(), info) < 0 || info.kind != sys::FileInfo::Kind::regular) return false;
  if (offset > info.size) return false;
  return link.send_file(std::move(file), offset, std::min(size, info.size - offset));
}

}  // namespace

ConnectionId Connection::id() const { return link_.id(); }

bool Connection::send(std::string_view bytes) { return link_.send(bytes); }

bool Connection::send_file(const std::string& path, uint64_t offset, uint64_t size) {
  sys::Fd file;
  return sys::open_to_read(path.c_str(), file) >= 0 && send_part(link_, std::move(file), offset, size);
}

bool Connection::send_file(int fd, uint64_t offset, uint64_t size) {
  sys::Fd file;
  return sys::duplicate(fd, file) >= 0 && send_part(link_, std::move(file), offset, size);
}

void Connection::close() { link_.close(); }

void Connection::abort() { link_.abort(); }

void Connection::shutdown_send() { link_.shutdown_send(); }

void Connection::pause() { link_.pause(); }

void Connection::resume() { link_.resume(); }

ConnectionInfo Connection::info() const { return link_.info(); }

void* Connection::state_memory() { return link_.state(); }

}  // namespace oklo
