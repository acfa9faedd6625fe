#include "process/exit_code.h"

#include <errno.h>

#include <algorithm>
#include <iterator>

namespace oklo {

int exit_code_of(int number) {
  constexpr int kPassing[] = {EADDRINUSE, EAGAIN, EMFILE, ENFILE, ENOMEM, ENOBUFS, EEXIST};
  bool passes = std::find(std::begin(kPassing), std::end(kPassing), number) != std::end(kPassing);
  return passes ? kExitTemporary : kExitUsage;
}

std::string_view advice(int number) {
  switch (number) {
    case EADDRINUSE: return "; stop what listens there, or choose another address";
    case EACCES: return "; ports below 1024 and foreign files need root";
    case EADDRNOTAVAIL: return "; this host does not have that address";
    case ENOENT:
    case ENOTDIR: return "; check the path";
    case EISDIR: return "; name a file";
    case EROFS: return "; choose a place that can be written";
    case EMFILE: return "; raise the limit of open files (ulimit -n), or start fewer workers";
    default: return "";
  }
}

}  // namespace oklo
