#include "sys/terminal.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "sys/fd.h"

namespace sys = oklo::sys;

namespace {

struct Pty {
  Pty() : ours(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(grantpt(ours.get()) == 0);
    REQUIRE(unlockpt(ours.get()) == 0);
    theirs.reset(open(ptsname(ours.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(theirs.get() >= 0);
  }
  tcflag_t flags() const {
    termios now = {};
    REQUIRE(tcgetattr(theirs.get(), &now) == 0);
    return now.c_lflag;
  }

  sys::Fd ours, theirs;
};

}  // namespace

TEST_CASE("sys/terminal: keys come one at a time and are not shown, until it ends or is lent") {
  Pty pty;
  tcflag_t before = pty.flags();
  CHECK((before & (ICANON | ECHO)) == (ICANON | ECHO));
  {
    auto terminal = sys::Terminal::take(pty.theirs.get()).value();
    CHECK((pty.flags() & (ICANON | ECHO)) == 0);
    CHECK((pty.flags() & ISIG) != 0);
    CHECK(write(pty.ours.get(), "q", 1) == 1);
    char key = 0;
    CHECK(sys::read_keys(pty.theirs.get(), &key, 1) == 1);
    CHECK(key == 'q');
    terminal->give_back();
    CHECK(pty.flags() == before);
    CHECK(terminal->take_again());
    CHECK((pty.flags() & ICANON) == 0);
  }
  CHECK(pty.flags() == before);
}

TEST_CASE("sys/terminal: its size, and 80 times 24 where it has none") {
  Pty pty;
  CHECK(sys::terminal_size(pty.theirs.get()).columns == 80);
  CHECK(sys::terminal_size(pty.theirs.get()).rows == 24);
  winsize size = {.ws_row = 10, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(ioctl(pty.ours.get(), TIOCSWINSZ, &size) == 0);
  CHECK(sys::terminal_size(pty.theirs.get()).columns == 40);
  CHECK(sys::terminal_size(pty.theirs.get()).rows == 10);
}

TEST_CASE("sys/terminal: what is none is told from one that is") {
  Pty pty;
  CHECK(sys::is_terminal(pty.theirs.get()));
  sys::Fd file(open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK_FALSE(sys::is_terminal(file.get()));
  CHECK_FALSE(sys::Terminal::take(file.get()).ok());
  CHECK(sys::terminal_size(file.get()).columns == 80);
}
