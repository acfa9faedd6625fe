#include "cli/init_script.h"

#include <doctest/doctest.h>

using oklo::cli::init_script;

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

const std::vector<std::string> kWords = {"serve", ":8080", "/srv/www"};
const std::vector<std::string> kOdd = {"serve", "/srv/my www", "100%",         "$HOME",
                                       "a\"b",  "it's",        "back\\slash", ""};

}  // namespace

TEST_CASE("cli/init_script: each kind runs the command, and there is no other kind") {
  CHECK(holds(init_script("systemd", "/bin/oklo", kWords), "\nExecStart=/bin/oklo serve :8080 /srv/www\n"));
  std::string openrc = init_script("openrc", "/bin/oklo", kWords);
  CHECK(holds(openrc, "\ncommand=/bin/oklo\ncommand_args='serve :8080 /srv/www'\n"));
  CHECK(holds(init_script("procd", "/bin/oklo", kWords),
              "  procd_set_param command /bin/oklo serve :8080 /srv/www\n"));
  for (const char* kind : {"", "sysv", "Systemd"}) CHECK(init_script(kind, "/bin/oklo", kWords) == "");
  for (const char* kind : {"systemd", "openrc", "procd"})
    CHECK_FALSE(holds(init_script(kind, "/bin/oklo", kWords), "@"));
}

TEST_CASE("cli/init_script: words are quoted as each kind wants it") {
  CHECK(holds(init_script("systemd", "/my bin/oklo", kOdd),
              "\nExecStart=\"/my bin/oklo\" serve \"/srv/my www\" \"100%%\" \"$$HOME\" \"a\\\"b\" \"it's\" "
              "\"back\\\\slash\" \"\"\n"));
  CHECK(holds(init_script("procd", "/my bin/oklo", kOdd),
              "command '/my bin/oklo' serve '/srv/my www' '100%' '$HOME' 'a\"b' 'it'\\''s' 'back\\slash' "
              "''\n"));
  std::string openrc = init_script("openrc", "/bin/oklo", {"serve", "/srv/my www"});
  CHECK(holds(openrc, "\ncommand_args='serve '\\''/srv/my www'\\'''\n"));
}
