#include "base/assert.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/number.h"

namespace oklo {

namespace {

char* append(char* out, const char* end, const char* text) {
  while (*text != '\0' && out < end) *out++ = *text++;
  return out;
}

}  // namespace

void assertion_failed(const char* condition, const char* file, int line) {
  char number[21] = {};
  write_decimal(number, static_cast<uint64_t>(line));
  char text[512] = {};
  const char* const end = text + sizeof text - 2;
  char* out = text;
  for (const char* part : {file, ":", static_cast<const char*>(number), ": assertion failed: ", condition})
    out = append(out, end, part);
  *out = '\n';
  std::fputs(text, stderr);
  std::abort();
}

}  // namespace oklo

// What std::terminate calls. libstdc++'s own tells the type of the exception, of which oklo has none, and
// brings 50 KB of demangler into a static program.
namespace __gnu_cxx {
void __verbose_terminate_handler();
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx
