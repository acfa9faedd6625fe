#include "sys/walk_beneath.h"

#include <errno.h>
#include <fcntl.h>

#include <climits>
#include <string>
#include <string_view>
#include <vector>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

constexpr int kLinksMax = 40;  // as the kernel has it, path_resolution(7)

// One walk. It holds an fd of each directory between the root and where it stands: ".." goes back to the
// one before, so nobody can move a directory away and lead it out of the root.
class Walk {
 public:
  Walk(int root, const char* path, int flags) : root_(root), left_(path), flags_(flags | O_CLOEXEC) {}

  long run(Fd& out);

 private:
  int here() const { return entered_.empty() ? root_ : entered_.back().get(); }
  std::string take_name();
  long leave();
  long enter(const std::string& name);
  long open_last(const std::string& name, Fd& out);
  long follow(const std::string& name, long failed);

  int root_;
  std::string left_;  // what is still to be walked
  int flags_;
  int links_ = 0;
  std::vector<Fd> entered_;
};

long open_name(int dir, const std::string& name, int flags, Fd& out) {
  long fd = retry([&] { return kernel::openat(dir, name.c_str(), flags | O_NOFOLLOW, 0); });
  if (fd < 0) return fd;
  out.reset(static_cast<int>(fd));
  return 0;
}

bool is_link(int fd) {
  struct stat info = {};
  return kernel::fstat(fd, &info) >= 0 && S_ISLNK(info.st_mode);
}

// Cuts the next name off what is left, and the slashes behind it. A slash at the end asks for a
// directory: "." is left for it.
std::string Walk::take_name() {
  size_t end = left_.find('/');
  std::string name = left_.substr(0, end);
  size_t next = left_.find_first_not_of('/', end);
  if (end == left_.npos) left_.clear();
  else if (next == left_.npos) left_.assign(1, '.');
  else left_.erase(0, next);
  return name;
}

long Walk::leave() {
  if (entered_.empty()) return -EXDEV;
  entered_.pop_back();
  return 0;
}

long Walk::enter(const std::string& name) {
  Fd next;
  long result = open_name(here(), name, O_PATH | O_DIRECTORY | O_CLOEXEC, next);
  if (result == -ENOTDIR || result == -ELOOP) return follow(name, -ENOTDIR);
  if (result >= 0) entered_.push_back(std::move(next));
  return result;
}

// Without O_PATH the kernel itself refuses a link here (O_NOFOLLOW).
long Walk::open_last(const std::string& name, Fd& out) {
  long result = open_name(here(), name, flags_, out);
  if (result >= 0 && (flags_ & O_PATH) && is_link(out.get())) result = -ELOOP;
  if (result != -ELOOP) return result;
  out.reset();
  return follow(name, result);
}

// Puts what the link says in the place of its name; `failed` is the answer when there is no link.
long Walk::follow(const std::string& name, long failed) {
  char target[PATH_MAX];
  long size = kernel::readlinkat(here(), name.c_str(), target, sizeof target);
  if (size < 0) return size == -EINVAL ? failed : size;
  if (++links_ > kLinksMax) return -ELOOP;
  std::string_view text(target, static_cast<size_t>(size));
  if (text.starts_with('/')) return -EXDEV;
  left_ = left_.empty() ? std::string(text) : std::string(text) + '/' + left_;
  return 0;
}

long Walk::run(Fd& out) {
  if (left_.size() >= PATH_MAX) return -ENAMETOOLONG;
  if (left_.starts_with('/')) return -EXDEV;
  while (!left_.empty()) {
    std::string name = take_name();
    long result = 0;
    if (name == "..") result = leave();
    else if (name != "." && !left_.empty()) result = enter(name);
    else if (name != ".") result = open_last(name, out);
    if (result < 0 || out) return result;
  }
  return open_name(here(), ".", flags_, out);
}

}  // namespace

long walk_beneath(int dir, const char* path, int flags, Fd& out) {
  out.reset();
  return Walk(dir, path, flags).run(out);
}

}  // namespace oklo::sys
