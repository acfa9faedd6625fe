#include <doctest/doctest.h>

#include "base/embedded.h"
#include "cli/mdoc_text.h"

using oklo::cli::knows_macro;
using oklo::cli::mdoc_to_text;

TEST_CASE("cli/mdoc_text: headings, filled text and lists") {
  CHECK(mdoc_to_text(".Sh NAME\n.Nm oklo\n.Nd a server\n") == "NAME\n     oklo - a server\n");
  std::string list = mdoc_to_text(".Bl -tag -width Ds\n.It Fl d\nIn the background.\n.El\n");
  CHECK(list.find("     -d\n          In the background.\n") != list.npos);
  std::string filled = mdoc_to_text(std::string(200, 'x').replace(60, 1, " ").replace(120, 1, " ") + "\n");
  CHECK(filled.find("     " + std::string(60, 'x') + "\n") == 0);
}

TEST_CASE("cli/mdoc_text: the name stands for itself later, and begins a line in the synopsis") {
  std::string page =
      mdoc_to_text(".Sh NAME\n.Nm oklo\n.Sh SYNOPSIS\n.Nm\n.Cm a\n.Nm\n.Cm b\n.Sh X\nThis is\n.Nm .\n");
  CHECK(page.find("     oklo a\n     oklo b\n") != page.npos);
}

TEST_CASE("cli/mdoc_text: literal lines stay as they are") {
  std::string page = mdoc_to_text(".Bd -literal\na   b\nc\n.Ed\n");
  CHECK(page.find("       a   b\n       c\n") != page.npos);
}

TEST_CASE("cli/mdoc_text: every macro of the manual in the binary is known") {
  for (const oklo::EmbeddedFile& file : oklo::embedded_files()) {
    if (!file.name.starts_with("man/")) continue;
    std::string_view rest = file.bytes;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
      if (!line.starts_with('.') || line.starts_with(".\\\"")) continue;
      std::string_view macro = line.substr(1, line.find(' ') - 1);
      CHECK_MESSAGE(knows_macro(macro), file.name << ": " << macro);
    }
  }
}
