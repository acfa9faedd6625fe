#include "sys/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>

#include "sys/kernel.h"

namespace oklo::sys {

Terminal::Terminal(int fd, const termios& before) : fd_(fd), before_(std::make_unique<termios>(before)) {}

Terminal::~Terminal() { give_back(); }

Result<std::unique_ptr<Terminal>> Terminal::take(int fd) {
  termios before = {};
  if (long failed = kernel::tcgetattr(fd, &before); failed < 0)
    return system_error(static_cast<int>(-failed), "it is no terminal");
  std::unique_ptr<Terminal> terminal(new Terminal(fd, before));
  if (!terminal->take_again()) return Error{0, "the terminal can't be changed"};
  return terminal;
}

bool Terminal::take_again() {
  termios own = *before_;
  own.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  own.c_cc[VMIN] = 1;
  own.c_cc[VTIME] = 0;
  return kernel::tcsetattr(fd_, &own) >= 0;
}

void Terminal::give_back() { kernel::tcsetattr(fd_, before_.get()); }

bool is_terminal(int fd) {
  termios ignored = {};
  return kernel::tcgetattr(fd, &ignored) >= 0;
}

TerminalSize terminal_size(int fd) {
  winsize size = {};
  bool known = kernel::ioctl(fd, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0 && size.ws_row > 0;
  return known ? TerminalSize{size.ws_col, size.ws_row} : TerminalSize{};
}

long read_keys(int fd, char* out, unsigned size) { return kernel::read(fd, out, size); }

}  // namespace oklo::sys
