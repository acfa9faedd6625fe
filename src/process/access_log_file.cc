#include "process/access_log_file.h"

#include <utility>

#include "sys/file.h"

namespace oklo {

Result<int> open_access_log(const std::string& where, sys::Fd& file) {
  if (where == "off") return -1;
  if (where == "stderr") return 2;
  Result<sys::Fd> opened = sys::open_log(where);
  if (!opened) return opened.error();
  file = std::move(opened).value();
  return file.get();
}

}  // namespace oklo
