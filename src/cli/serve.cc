#include <string>

#include "base/number.h"
#include "cli/commands.h"
#include "sys/file.h"
#include "sys/stderr.h"

namespace oklo::cli {

namespace {

bool is_directory_word(std::string_view word) {
  return word == "." || word == ".." || word.find('/') != word.npos;
}

bool is_unix_address(std::string_view word) { return word.starts_with("unix:"); }

// The name of a directory may be meant.
bool is_no_address(std::string_view word) {
  return word.find(':') == word.npos && !parse_decimal(word);
}

constexpr std::string_view kWhichIsWhich =
    "; a directory holds a '/' or is ., as in: oklo serve :8080 ./www";

}  // namespace

// A word is a directory when it holds a '/' or is ".", else an address.
int run_serve(const Command&, const Options& options) {
  std::string address = ":8080";
  std::string directory = ".";
  bool has_address = false, has_directory = false;
  for (std::string_view word : options.words) {
    bool names_directory = is_directory_word(word) && !is_unix_address(word);
    bool& given = names_directory ? has_directory : has_address;
    if (given) {
      std::string kind = names_directory ? "two directories" : "two addresses";
      return complain(kind + " were given" + std::string(kWhichIsWhich), kUsage);
    }
    if (!names_directory && is_no_address(word))
      return complain("\"" + std::string(word) + "\" is no address" + std::string(kWhichIsWhich), kUsage);
    given = true;
    (names_directory ? directory : address) = word;
  }
  Router site;
  bool stays = options.server.chroot.empty();
  site.files("/", stays ? sys::absolute_path(directory) : directory, {.listing = options.listing});
  Server server(options.server);
  server.http(address, std::move(site));
  server.on_up([&directory](const std::vector<std::string>& addresses) {
    sys::print(2, "oklo: serving " + directory + " on " + addresses[0] + "\n");
  });
  return server.run();
}

}  // namespace oklo::cli
