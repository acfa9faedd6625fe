#pragma once

#include <string>
#include <string_view>

namespace oklo::config {

// All directives, in the macros of mdoc(7): a heading for each block, and below it a list. It is the same in
// oklo.conf(5), word for word.
std::string manual_list();

// Those with this name, in the same way; empty: there are none.
std::string manual_entry(std::string_view name);

}  // namespace oklo::config
