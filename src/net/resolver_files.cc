#include "net/resolver_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <tuple>
#include <utility>

#include "sys/outgoing.h"

namespace oklo {

namespace {

bool same_file(const sys::FileInfo& a, const sys::FileInfo& b) {
  auto all = [](const sys::FileInfo& info) {
    return std::tie(info.device, info.inode, info.size, info.modified_s, info.modified_ns);
  };
  return all(a) == all(b);
}

// The content, at most so many bytes; what can't be read is the end.
std::string read_up_to(int fd, size_t size_max) {
  std::string content;
  std::array<char, 4096> room;
  while (content.size() < size_max) {
    size_t wanted = std::min(room.size(), size_max - content.size());
    long size = sys::read_at(fd, room.data(), wanted, content.size());
    if (size <= 0) break;
    content.append(room.data(), static_cast<size_t>(size));
  }
  return content;
}

}  // namespace

ResolverFiles::ResolverFiles(const std::string& resolv_conf, const std::string& hosts, uint16_t port)
    : conf_file_{resolv_conf}, hosts_file_{hosts}, port_(port) {
  read_conf({});
}

// Whether there is another text than before. A lack of fds or memory says nothing of the file.
bool ResolverFiles::read_changed(Watched& file, size_t size_max, std::string& out) {
  sys::Fd fd;
  sys::FileInfo info;
  long opened = sys::open_to_read(file.path.c_str(), fd);
  if (opened == -EMFILE || opened == -ENFILE || opened == -ENOMEM) return false;
  bool there = opened >= 0 && sys::file_info(fd.get(), info) >= 0 &&
               info.kind == sys::FileInfo::Kind::regular;
  if (!there) info = {};
  if (same_file(info, file.info)) return false;
  file.info = info;
  out = there ? read_up_to(fd.get(), size_max) : std::string();
  return true;
}

bool ResolverFiles::refresh(uint32_t now_s) {
  if (std::exchange(looked_, true) && now_s == looked_s_) return false;
  looked_s_ = now_s;
  std::string text;
  if (read_changed(hosts_file_, codec::HostsFile::kBytesMax, text))
    hosts_ = codec::HostsFile(std::exchange(text, {}));
  if (!read_changed(conf_file_, kConfBytesMax, text)) return false;
  read_conf(text);
  return true;
}

// Without a name server that of this machine is asked, resolv.conf(5).
void ResolverFiles::read_conf(std::string_view text) {
  conf_ = codec::parse_resolv_conf(text);
  auto servers = std::make_shared<NameServers>();
  servers->timeout_ms = conf_.timeout_s * 1000;
  servers->attempts = conf_.attempts;
  servers->version = servers_ ? servers_->version + 1 : 0;
  for (const std::string& word : conf_.servers)
    if (std::optional<sys::Address> address = sys::numeric_address(word, port_))
      servers->addresses.push_back(*address);
  if (servers->addresses.empty()) servers->addresses.push_back(*sys::numeric_address("127.0.0.1", port_));
  servers_ = std::move(servers);
}

}  // namespace oklo
