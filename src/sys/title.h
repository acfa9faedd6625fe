#pragma once

#include <string_view>

namespace oklo::sys {

// Sets the memory of argv and the environment free for set_title: both lists then point at copies. To be
// called first in main, before anything keeps a pointer to an argument.
void save_title_space(int argc, char** argv);

// The name of this process in ps(1). Without save_title_space only the short name of the thread changes.
void set_title(std::string_view title);

}  // namespace oklo::sys
