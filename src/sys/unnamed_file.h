#pragma once

#include <cstdint>
#include <string_view>

#include "sys/fd.h"

namespace oklo::sys {

// Files without a name, for what has to lie on disk for a while. The kernel removes one when it is closed,
// whatever becomes of the process. Each function answers 0 or a negative errno number.

// Makes one in a directory, for this user alone, to read and to write. Where the kernel or the file system
// has no O_TMPFILE (open(2)), it bears a name that nobody can foresee until it is removed at once.
[[nodiscard]] long open_unnamed(const char* directory, Fd& out);

// Writes all of the bytes at the offset. The file's own position stays.
[[nodiscard]] long write_at(int fd, std::string_view bytes, uint64_t offset);

// Gives the first `size` bytes of an unnamed file, or `bytes`, the name `path` with those rights, whatever
// the umask says. Nothing may have that name (-EEXIST), not even a link that leads nowhere. An unnamed file
// is linked there when it lies in the same file system and was not saved before, else copied; of a copy that
// fails nothing stays.
[[nodiscard]] long save_unnamed(int fd, uint64_t size, const char* path, unsigned mode);
[[nodiscard]] long save_bytes(std::string_view bytes, const char* path, unsigned mode);

}  // namespace oklo::sys
