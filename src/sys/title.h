#pragma once

#include <string_view>

namespace oklo::sys {

// Sets the memory of argv and the environment free for set_title: both lists then point at copies. It is
// called by itself before main, so that nothing keeps a pointer to an argument yet.
void save_title_space(int argc, char** argv);

// The name of this thread in top(1); the kernel keeps 15 bytes.
void set_thread_name(std::string_view name);

// The name of this process in ps(1), and of the thread that calls.
void set_title(std::string_view title);

}  // namespace oklo::sys
