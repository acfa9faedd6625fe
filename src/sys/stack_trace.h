#pragma once

#include <signal.h>

#include <string_view>

namespace oklo::sys {

// What a thread is asked with for its stack: a signal that is nothing but a word to process 1.
inline constexpr int kStackSignal = SIGPWR;

// From now on this thread answers kStackSignal with a line to `fd`: the time, `name`, where the program lies,
// and the addresses of code that stand in its registers and on its stack, innermost first. Some may be left
// over from calls that are over: the frames have no names and no marks. The call stands near the bottom of
// the stack that is to be seen. The handler is safe at any place of the program (signal-safety(7)).
void answer_with_stack(int fd, std::string_view name);

}  // namespace oklo::sys
