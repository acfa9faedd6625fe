#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "codec/hosts_file.h"
#include "codec/resolv_conf.h"
#include "net/dns_query.h"
#include "sys/file.h"

namespace oklo {

// The two files that say how names are looked up. They are read when they have changed; who is not there, or
// is no plain file, says nothing.
class ResolverFiles {
 public:
  // `port` is that of the name servers.
  ResolverFiles(const std::string& resolv_conf, const std::string& hosts, uint16_t port);

  // Looks for changes, at most once in a second of the clock. Whether others are to be asked from now on.
  bool refresh(uint32_t now_s);

  const codec::ResolvConf& conf() const { return conf_; }
  const codec::HostsFile& hosts() const { return hosts_; }
  const std::shared_ptr<const NameServers>& servers() const { return servers_; }

 private:
  static constexpr size_t kConfBytesMax = 65536;  // what stands behind is not read

  struct Watched {
    std::string path;
    sys::FileInfo info = {};  // as it was when it was read; empty where there is nothing to read
  };

  static bool read_changed(Watched& file, size_t size_max, std::string& out);
  void read_conf(std::string_view text);

  Watched conf_file_;
  Watched hosts_file_;
  uint16_t port_;
  bool looked_ = false;
  uint32_t looked_s_ = 0;
  codec::ResolvConf conf_;
  codec::HostsFile hosts_;
  std::shared_ptr<const NameServers> servers_;
};

}  // namespace oklo
