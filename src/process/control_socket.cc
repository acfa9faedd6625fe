#include "process/control_socket.h"

#include <algorithm>
#include <cstdlib>

#include "base/number.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace oklo {

namespace {

constexpr size_t kCommandBytesMax = 256;
constexpr size_t kSessionsMax = 64;
constexpr uint32_t kCommandTimeMs = 5000;
constexpr mode_t kOwnerOnly = 0177;  // as a umask

bool may_command(int fd) {
  Result<uid_t> uid = sys::peer_uid(fd);
  return uid && (*uid == 0 || *uid == sys::effective_uid());
}

Result<sys::Fd> listen_at(const std::string& path) {
  Result<sys::Address> address = sys::Address::parse("unix:" + path);
  if (!address) return address.error();
  mode_t before = sys::set_umask(kOwnerOnly);
  Result<sys::Fd> listener = sys::listen_on(*address, {});
  sys::set_umask(before);
  return listener;
}

}  // namespace

// One client: until its command is complete, then until it is answered.
class ControlSocket::Session final : private EventHandler, private Timer {
 public:
  Session(ControlSocket& owner, sys::Fd fd, uint64_t id) : owner_(owner), fd_(std::move(fd)), id_(id) {}
  ~Session() { unwatch(); }

  uint64_t id() const { return id_; }

  bool start() {
    watched_ = owner_.reactor_.add(fd_.get(), sys::kReadable, *this) >= 0;
    owner_.reactor_.timers().arm(*this, owner_.reactor_.clock().now_ms + kCommandTimeMs);
    return watched_;
  }

  // The answers are smaller than the socket's buffer, so one try is enough: whoever does not read is let go.
  void answer(bool ok, std::string_view text) {
    std::string out = ok ? "ok\n" : "error ";
    out.append(text);
    if (out.back() != '\n') out.push_back('\n');
    (void)!sys::send_bytes(fd_.get(), out.data(), out.size(), false);
    end();
  }

 private:
  void on_event(uint32_t) override {
    char bytes[kCommandBytesMax];
    long n = sys::receive(fd_.get(), bytes, sizeof bytes);
    if (n == -EAGAIN) return;
    if (n <= 0 || command_.size() + static_cast<size_t>(n) > kCommandBytesMax) return end();
    command_.append(bytes, static_cast<size_t>(n));
    size_t line_end = command_.find('\n');
    if (line_end == command_.npos) return;
    unwatch();
    unlink();
    command_.resize(line_end);
    ControlSocket& owner = owner_;
    owner.on_command_(command_,
                      [&owner, id = id_](bool ok, std::string_view text) { owner.reply(id, ok, text); });
  }
  void on_timer() override { end(); }
  void on_destroy() override { owner_.erase(*this); }

  void unwatch() {
    if (watched_) owner_.reactor_.remove(fd_.get());
    watched_ = false;
  }
  void end() {
    unwatch();
    unlink();
    owner_.reactor_.destroy_later(*this);
  }

  ControlSocket& owner_;
  sys::Fd fd_;
  uint64_t id_;
  std::string command_;
  bool watched_ = false;
};

std::vector<std::string> control_directories() {
  std::vector<std::string> directories = {"/run"};
  if (const char* own = std::getenv("XDG_RUNTIME_DIR"); own && *own) directories.emplace_back(own);
  return directories;
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(Reactor& reactor, Log& log,
                                                           const std::string& path, uint16_t port,
                                                           OnCommand on_command) {
  if (path == "off") return std::unique_ptr<ControlSocket>();
  std::vector<std::string> places = {path};
  if (path.empty()) {
    places.clear();
    std::string name = port ? decimal(port) : "unix";
    for (const std::string& directory : control_directories())
      places.push_back(directory + "/oklo-" + name + ".sock");
  }
  Error last;
  for (const std::string& place : places) {
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
  if (!path.empty()) return last;
  log.line("no control socket: " + last.text + "; name a place for it with --control");
  return std::unique_ptr<ControlSocket>();
}

ControlSocket::ControlSocket(Reactor& reactor, sys::Fd listener, std::string path, OnCommand on_command)
    : reactor_(reactor),
      listener_(std::move(listener)),
      path_(std::move(path)),
      on_command_(std::move(on_command)) {}

ControlSocket::~ControlSocket() {
  if (watched_) reactor_.remove(listener_.get());
  sys::remove_file(path_.c_str());
}

void ControlSocket::on_event(uint32_t) {
  sys::Address peer;
  long fd = sys::accept_connection(listener_.get(), peer);
  if (fd < 0) return;
  sys::Fd client(static_cast<int>(fd));
  if (sessions_.size() >= kSessionsMax || !may_command(client.get())) return;
  sessions_.push_back(std::make_unique<Session>(*this, std::move(client), next_id_++));
  if (!sessions_.back()->start()) sessions_.pop_back();
}

void ControlSocket::reply(uint64_t session, bool ok, std::string_view text) {
  for (auto& one : sessions_)
    if (one->id() == session) return one->answer(ok, text);
}

void ControlSocket::erase(Session& session) {
  std::erase_if(sessions_, [&session](auto& one) { return one.get() == &session; });
}

}  // namespace oklo
