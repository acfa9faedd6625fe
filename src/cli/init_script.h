#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oklo::cli {

// What starts a service on a host: a unit of systemd, or a script of OpenRC, or of procd, which OpenWrt has.
// It runs `program`, an absolute path, with those words. Empty when there is no such kind.
std::string init_script(std::string_view kind, const std::string& program,
                        const std::vector<std::string>& words);

}  // namespace oklo::cli
