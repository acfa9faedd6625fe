#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/top_screen.h"
#include "process/connection_query.h"
#include "process/control_call.h"
#include "reactor/signal_source.h"
#include "sys/process.h"
#include "sys/stderr.h"
#include "sys/terminal.h"

namespace oklo::cli {

namespace {

constexpr int kKeys = 0;    // the fd that they come from
constexpr int kScreen = 1;  // and where the screen is
constexpr uint64_t kFdsMax = 256;
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";  // the other screen, without a cursor
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kSorts[] = {"age", "idle", "in", "out", "queue", "requests"};

// A terminal that says of itself that it understands nothing, or says nothing, gets lines alone.
bool is_plain() {
  const char* term = std::getenv("TERM");
  std::string_view name = term ? term : "";
  return name.empty() || name == "dumb" || name == "unknown";
}

// Asks the service again and again, and shows its answers, until a key or a signal ends it.
class Top final : private EventHandler, private Timer {
 public:
  Top(Reactor& reactor, std::string socket, const Options& options)
      : reactor_(reactor),
        socket_(std::move(socket)),
        query_(options.query),
        interval_s_(options.interval_s) {}
  ~Top() {
    if (watched_) reactor_.remove(kKeys);
    reactor_.timers().cancel(*this);
  }

  int run();

 private:
  Result<void> start();
  void on_event(uint32_t) override;
  void on_timer() override;
  void on_signal(int signal);
  void on_answer(const Result<ControlAnswer>& answer);
  void on_key(char key);
  void ask();
  void show();
  void stand_aside();
  void end(int code, std::string text = {});
  std::string note() const;

  Reactor& reactor_;
  std::string socket_;
  std::string query_;      // words with a blank in front
  size_t sort_ = 0;        // in kSorts; only when the key was pressed
  unsigned interval_s_;
  bool plain_ = is_plain();
  std::unique_ptr<sys::Terminal> terminal_;
  std::unique_ptr<SignalSource> signals_;
  std::unique_ptr<ControlCall> call_;
  bool waits_ = false;     // for the answer to that
  bool silent_ = false;    // and has done so for a whole interval
  bool watched_ = false;
  TopScreen screen_;
  bool answered_ = false;  // once, at least
  std::string trouble_;    // why the last call had no answer
  int code_ = kDone;
  std::string last_words_;
};

int Top::run() {
  if (Result<void> started = start(); !started) return complain("top: " + started.error().text, kFailed);
  if (!plain_) sys::print(kScreen, kEnter);
  ask();
  reactor_.run();
  if (!plain_) sys::print(kScreen, kLeave);
  terminal_.reset();
  return last_words_.empty() ? code_ : complain(last_words_, code_);
}

Result<void> Top::start() {
  if (!sys::is_terminal(kScreen)) return Error{0, "stdout is no terminal; see: oklo status"};
  Result<std::unique_ptr<SignalSource>> signals =
      SignalSource::create(reactor_, {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP},
                           [this](int signal) { on_signal(signal); });
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  Result<std::unique_ptr<sys::Terminal>> terminal = sys::Terminal::take(kKeys);
  if (!terminal) return terminal.error();
  terminal_ = std::move(terminal).value();
  if (long failed = reactor_.add(kKeys, sys::kReadable, *this); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch the keys");
  watched_ = true;
  return {};
}

// ---------------------------------------------------------------- events

void Top::on_event(uint32_t) {
  std::array<char, 64> keys;
  long n = sys::read_keys(kKeys, keys.data(), keys.size());
  if (n == 0 || (n < 0 && n != -EINTR && n != -EAGAIN)) return end(kDone);  // The terminal is gone.
  for (long i = 0; i < n; i++) on_key(keys[static_cast<size_t>(i)]);
}

void Top::on_key(char key) {
  if (key == 'q' || key == 'Q') return end(kDone);
  if (key == 's') {
    query_ = " sort=" + std::string(kSorts[++sort_ % std::size(kSorts)]);
    ask();
  }
  if (key == ' ') ask();
}

void Top::on_signal(int signal) {
  if (signal == SIGWINCH) return ask();
  if (signal == SIGTSTP) return stand_aside();
  end(kDone);
}

// The shell is to find its terminal as it was, and this is to find its own again.
void Top::stand_aside() {
  if (!plain_) sys::print(kScreen, kLeave);
  terminal_->give_back();
  sys::send_signal(sys::current_pid(), SIGSTOP);
  if (!terminal_->take_again()) return end(kDone);
  if (!plain_) sys::print(kScreen, kEnter);
  ask();
}

// A service that does not answer is asked again when it has, or is gone.
void Top::on_timer() {
  silent_ = waits_;
  if (silent_) show();
  ask();
}

// ---------------------------------------------------------------- asking

void Top::ask() {
  reactor_.timers().arm(*this, reactor_.clock().now_ms + interval_s_ * 1000);
  if (waits_) return;
  unsigned rows = TopScreen::rows_for_service(sys::terminal_size(kScreen).rows);
  auto call = ControlCall::begin(reactor_, socket_, "top rows=" + std::to_string(rows) + query_,
                                 [this](const Result<ControlAnswer>& answer) { on_answer(answer); });
  if (!call) return on_answer(call.error());
  call_ = std::move(call).value();
  waits_ = true;
}

// A service that was there may come back.
void Top::on_answer(const Result<ControlAnswer>& answer) {
  waits_ = silent_ = false;
  if (!answer) trouble_ = answer.error().text;
  else if (!answer->ok) trouble_ = answer->text;
  else if (screen_.take(answer->text, reactor_.clock().now_ms)) trouble_.clear();
  else trouble_ = "another version of oklo runs there";
  if (!trouble_.empty() && !answered_) return end(kFailed, trouble_);
  answered_ = true;
  show();
}

std::string Top::note() const {
  if (silent_) return "no answer yet; q quits";
  if (!trouble_.empty()) return trouble_.substr(0, trouble_.find('\n'));
  return plain_ ? "" : "q quits, s sorts by another column, blank looks now";
}

void Top::show() {
  sys::TerminalSize size = sys::terminal_size(kScreen);
  if (!sys::print(kScreen, screen_.frame(size.columns, size.rows, plain_, note()))) end(kDone);
}

void Top::end(int code, std::string text) {
  code_ = code;
  last_words_ = std::move(text);
  reactor_.stop();
}

}  // namespace

int run_top(const Command&, const Options& options) {
  std::string_view words = options.query;
  if (!words.empty()) words.remove_prefix(1);
  if (Result<ConnectionQuery> query = parse_connection_query(words); !query)
    return complain("top: " + query.error().text, kUsage);
  Result<std::string> socket = choose_socket(options);
  if (!socket) return complain(socket.error().text, kFailed);
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(kFdsMax);
  if (!reactor) return complain(reactor.error().text, kFailed);
  return Top(**reactor, *socket, options).run();
}

}  // namespace oklo::cli
