#include <doctest/doctest.h>

#include "base/embedded.h"
#include "cli/mdoc_text.h"

using oklo::cli::knows_macro;
using oklo::cli::mdoc_to_text;

TEST_CASE("cli/mdoc_text: headings and filled text") {
  CHECK(mdoc_to_text(".Sh NAME\n.Nm oklo\n.Nd a server\n") == "NAME\n     oklo - a server\n");
  std::string filled = mdoc_to_text(std::string(200, 'x').replace(60, 1, " ").replace(120, 1, " ") + "\n");
  CHECK(filled.find("     " + std::string(60, 'x') + "\n") == 0);
  CHECK(mdoc_to_text(".Sh A\n.Bl -tag -width Ds\n.It b\nc\n.El\n") == "A\n     b       c\n");
}

TEST_CASE("cli/mdoc_text: a tag stands before its text where there is room, else above it") {
  CHECK(mdoc_to_text(".Bl -tag -width Ds\n.It Fl d\nIn the background.\n.El\n") ==
        "     -d      In the background.\n");
  CHECK(mdoc_to_text(".Bl -tag -width 4n\n.It four\nfits\n.It fives\ndoes not\n.El\n") ==
        "     four  fits\n\n     fives\n           does not\n");
  CHECK(mdoc_to_text(".Bl -tag -width abc -compact\n.It a\nx\n.It b\n.It c\ny\n.El\nend\n") ==
        "     a    x\n     b\n     c    y\n     end\n");
  std::string text = mdoc_to_text(".Bl -tag -width Ds\n.It t\n" + std::string(70, 'w').replace(40, 1, " ") +
                                  "\n.El\n");
  CHECK(text == "     t       " + std::string(40, 'w') + "\n             " + std::string(29, 'w') + "\n");
}

TEST_CASE("cli/mdoc_text: lists with marks and numbers, one in the other") {
  CHECK(mdoc_to_text(".Bl -enum -compact\n.It\na\n.It\nb\n.El\n") == "     1.  a\n     2.  b\n");
  CHECK(mdoc_to_text(".Bl -bullet\n.It\na\n.It\nb\n.El\n") == "     -   a\n\n     -   b\n");
  CHECK(mdoc_to_text(".Bl -tag -width 2n\n.It t\n.Bl -dash -compact\n.It\na\n.El\n.It u\nb\n.El\n") ==
        "     t\n         -   a\n\n     u   b\n");
}

TEST_CASE("cli/mdoc_text: what encloses ends before the punctuation behind it") {
  CHECK(mdoc_to_text(".Pq Pa a.cc .\n") == "     (a.cc).\n");
  CHECK(mdoc_to_text(".Dq a b ,\nc\n") == "     \"a b\", c\n");
  CHECK(mdoc_to_text("x\n.Pq see Xr oklo 1 ,\n") == "     x (see oklo(1)),\n");
  CHECK(mdoc_to_text(".Ql \\&.\n") == "     '.'\n");
}

TEST_CASE("cli/mdoc_text: functions with and without arguments, headers in the synopsis") {
  CHECK(mdoc_to_text(".Fn run .\n") == "     run().\n");
  CHECK(mdoc_to_text(".Pq Fn run , Fn stop ; words .\n") == "     (run(), stop(); words).\n");
  CHECK(mdoc_to_text(".Fn \"void http\" address router , No then\n") ==
        "     void http(address, router), then\n");
  CHECK(mdoc_to_text(".Sh SYNOPSIS\n.In a.h\n.In b.h\n") ==
        "SYNOPSIS\n     #include <a.h>\n     #include <b.h>\n");
  CHECK(mdoc_to_text("as\n.In a.h\nhas it\n") == "     as <a.h> has it\n");
}

TEST_CASE("cli/mdoc_text: the name stands for itself later, and begins a line in the synopsis") {
  std::string page =
      mdoc_to_text(".Sh NAME\n.Nm oklo\n.Sh SYNOPSIS\n.Nm\n.Cm a\n.Nm\n.Cm b\n.Sh X\nThis is\n.Nm .\n");
  CHECK(page.find("     oklo a\n     oklo b\n") != page.npos);
  CHECK(page.find("This is oklo.\n") != page.npos);
  CHECK(mdoc_to_text(".Nm a\n.Nm b\n.Nm\n") == "     a b a\n");
  std::string half(40, 'w');
  std::string calls =
      mdoc_to_text(".Nm oklo\n.Sh SYNOPSIS\n.Nm\n.Cm " + half + " " + half + "\n.Nm\n.Cm b\n");
  CHECK(calls.ends_with("     oklo " + half + "\n          " + half + "\n     oklo b\n"));
}

TEST_CASE("cli/mdoc_text: literal lines stay as they are") {
  CHECK(mdoc_to_text(".Bd -literal\na   b\n\n\\&.c \\(aqd\\(aq\n.Ed\n") == "       a   b\n\n       .c 'd'\n");
}

TEST_CASE("cli/mdoc_text: every macro of the manual in the binary is known") {
  for (const oklo::EmbeddedFile& file : oklo::embedded_files()) {
    if (!file.name.starts_with("man/")) continue;
    const std::string text = unpack(file);
    std::string_view rest = text;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
      if (!line.starts_with('.') || line.starts_with(".\\\"")) continue;
      std::string_view macro = line.substr(1, line.find(' ') - 1);
      CHECK_MESSAGE(knows_macro(macro), file.name << ": " << macro);
    }
  }
}
