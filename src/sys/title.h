#pragma once

#include <string_view>

namespace oklo::sys {

// Sets the memory of argv and the environment free for set_title: both lists then point at copies. It is
// called by itself before main, so that nothing keeps a pointer to an argument yet.
void save_title_space(int argc, char** argv);

// The name of this process in ps(1).
void set_title(std::string_view title);

}  // namespace oklo::sys
