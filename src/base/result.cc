#include "base/result.h"

#include <string.h>

#include "base/number.h"

namespace oklo {

Error system_error(int number, std::string_view what) {
  Error error;
  error.number = number;
  error.text.append(what).append(": ");
  // strerror would ask the locale, which a static program leaves out.
  if (const char* description = strerrordesc_np(number)) error.text += description;
  else error.text.append("error ").append(decimal(static_cast<uint64_t>(number)));
  return error;
}

}  // namespace oklo
