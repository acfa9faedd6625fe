#pragma once

#include <string_view>
#include <vector>

namespace oklo {

// The known word that is most like `word`, by the fewest letters to change, insert, remove or swap; when that
// is more than one, the first that it is the beginning of. Empty when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace oklo
