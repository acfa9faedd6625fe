#pragma once

#include <memory>

#include "base/result.h"

struct termios;

namespace oklo::sys {

// A terminal whose keys come one at a time and are not shown; signals of its keys (Ctrl-C) come as before. It
// is what it was when this ends. The fd is borrowed.
class Terminal {
 public:
  // An error when it is none.
  static Result<std::unique_ptr<Terminal>> take(int fd);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // As it was before, for a while, and as it is for this again: around a stop of the process.
  void give_back();
  [[nodiscard]] bool take_again();

 private:
  Terminal(int fd, const termios& before);
  int fd_;
  std::unique_ptr<termios> before_;
};

bool is_terminal(int fd);

struct TerminalSize {
  unsigned columns = 80;
  unsigned rows = 24;
};
// 80 times 24 where nobody knows, as on a serial line.
TerminalSize terminal_size(int fd);

// The next bytes of the terminal, when there are some; as read(2).
[[nodiscard]] long read_keys(int fd, char* out, unsigned size);

}  // namespace oklo::sys
