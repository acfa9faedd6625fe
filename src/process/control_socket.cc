#include "process/control_socket.h"

#include <errno.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/number.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace oklo {

namespace {

constexpr size_t kCommandBytesMax = 1024;
constexpr size_t kSessionsMax = 64;
constexpr uint32_t kSessionTimeMs = 5000;
constexpr uint32_t kPauseMs = 200;      // when a client cannot be accepted
constexpr mode_t kOwnerOnly = 0600;

bool may_command(int fd) {
  Result<uid_t> uid = sys::peer_uid(fd);
  return uid && (*uid == 0 || *uid == sys::effective_uid());
}

Result<sys::Fd> listen_at(const std::string& path) {
  Result<sys::Address> address = sys::Address::parse("unix:" + path);
  if (!address) return address.error();
  return sys::listen_on(*address, {.unix_rights = kOwnerOnly});
}

std::vector<std::string> default_paths(uint16_t port) {
  std::vector<std::string> paths;
  std::string name = "oklo-" + (port ? decimal(port) : "unix") + ".sock";
  for (const std::string& directory : control_directories()) paths.push_back(directory + "/" + name);
  return paths;
}

}  // namespace

// One client: until its command is complete, then until it is answered. Each of the two has its time.
class ControlSocket::Session final : private EventHandler, private Timer {
 public:
  Session(ControlSocket& owner, sys::Fd fd, uint64_t id) : owner_(owner), fd_(std::move(fd)), id_(id) {}
  ~Session() {
    unwatch();
    if (owner_.retired_) fd_.release();
  }

  uint64_t id() const { return id_; }

  bool watch(uint32_t interest) {
    watched_ = owner_.reactor_.add(fd_.get(), interest, *this) >= 0;
    if (watched_) owner_.reactor_.timers().arm(*this, owner_.reactor_.clock().now_ms + kSessionTimeMs);
    return watched_;
  }

  void answer(bool ok, std::string_view text) {
    answer_ = ok ? "ok\n" : "error ";
    answer_.append(text);
    if (answer_.back() != '\n') answer_.push_back('\n');
    send_rest();
  }

 private:
  void on_event(uint32_t) override { answer_.empty() ? receive() : send_rest(); }
  void on_timer() override { end(); }
  void on_destroy() override { owner_.erase(*this); }

  void receive() {
    char bytes[kCommandBytesMax];
    long n = sys::receive(fd_.get(), bytes, sizeof bytes);
    if (sys::try_later(n)) return;
    if (n <= 0 || command_.size() + static_cast<size_t>(n) > kCommandBytesMax) return end();
    command_.append(bytes, static_cast<size_t>(n));
    size_t line_end = command_.find('\n');
    if (line_end == command_.npos) return;
    unwatch();
    command_.resize(line_end);
    ControlSocket& owner = owner_;
    owner.on_command_(command_,
                      [&owner, id = id_](bool ok, std::string_view text) { owner.reply(id, ok, text); });
  }

  void send_rest() {
    long n = sys::send_bytes(fd_.get(), answer_.data(), answer_.size());
    if (owner_.retired_) return;
    if (n > 0) answer_.erase(0, static_cast<size_t>(n));
    bool waits = !answer_.empty() && (n >= 0 || sys::try_later(n));
    if (!waits || (!watched_ && !watch(sys::kWritable))) end();
  }

  void unwatch() {
    if (watched_) owner_.reactor_.remove(fd_.get());
    watched_ = false;
    owner_.reactor_.timers().cancel(*this);
  }
  void end() {
    unwatch();
    owner_.reactor_.destroy_later(*this);
  }

  ControlSocket& owner_;
  sys::Fd fd_;
  uint64_t id_;
  std::string command_;
  std::string answer_;
  bool watched_ = false;
};

std::vector<std::string> control_directories() {
  std::vector<std::string> directories = {"/run"};
  if (const char* own = std::getenv("XDG_RUNTIME_DIR"); own && *own) directories.emplace_back(own);
  return directories;
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(Reactor& reactor, const std::string& path,
                                                           uint16_t port, OnCommand on_command,
                                                           std::string& why_none) {
  if (path == "off") return std::unique_ptr<ControlSocket>();
  Error last;
  for (const std::string& place : path.empty() ? default_paths(port) : std::vector<std::string>{path}) {
    Result<sys::Fd> listener = listen_at(place);
    if (!listener) {
      last = listener.error();
      continue;
    }
    std::unique_ptr<ControlSocket> socket(
        new ControlSocket(reactor, std::move(listener).value(), place, std::move(on_command)));
    if (long failed = reactor.add(socket->listener_.get(), sys::kReadable, *socket); failed < 0)
      return system_error(static_cast<int>(-failed), "cannot watch the control socket");
    socket->watched_ = true;
    return socket;
  }
  if (!path.empty()) return Error{last.number, "no control socket: " + last.text};
  why_none = "no control socket: " + last.text + "; name a place for it";
  return std::unique_ptr<ControlSocket>();
}

ControlSocket::ControlSocket(Reactor& reactor, sys::Fd listener, std::string path, OnCommand on_command)
    : reactor_(reactor),
      listener_(std::move(listener)),
      path_(std::move(path)),
      on_command_(std::move(on_command)) {}

ControlSocket::~ControlSocket() { retire(); }

void ControlSocket::retire() {
  if (std::exchange(retired_, true)) return;
  reactor_.timers().cancel(*this);
  if (watched_) reactor_.remove(listener_.get());
  listener_.reset();
  sys::remove_file(path_.c_str());
}

void ControlSocket::on_event(uint32_t) {
  sys::Address peer;
  long fd = sessions_.size() < kSessionsMax ? sys::accept_connection(listener_.get(), peer) : -EMFILE;
  if (fd == -EAGAIN || fd == -ECONNABORTED) return;
  if (fd < 0) return pause();
  sys::Fd client(static_cast<int>(fd));
  if (!may_command(client.get())) return;
  sessions_.push_back(std::make_unique<Session>(*this, std::move(client), next_id_++));
  if (!sessions_.back()->watch(sys::kReadable)) sessions_.pop_back();
}

// A listener that is readable and cannot be accepted from would wake the master in every turn.
void ControlSocket::pause() {
  (void)!reactor_.modify(listener_.get(), 0);
  reactor_.timers().arm(*this, reactor_.clock().now_ms + kPauseMs);
}

void ControlSocket::on_timer() { (void)!reactor_.modify(listener_.get(), sys::kReadable); }

void ControlSocket::reply(uint64_t session, bool ok, std::string_view text) {
  for (auto& one : sessions_)
    if (one->id() == session) return one->answer(ok, text);
}

void ControlSocket::erase(Session& session) {
  std::erase_if(sessions_, [&session](auto& one) { return one.get() == &session; });
}

}  // namespace oklo
