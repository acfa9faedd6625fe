#include <stdio.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/embedded.h"
#include "cli/commands.h"
#include "config/directive.h"

namespace {

struct Outcome {
  int code = -1;
  std::string text;  // what was printed on stdout
};

Outcome help_on(std::string_view topic) {
  FILE* file = tmpfile();
  REQUIRE(file);
  fflush(stdout);
  int before = dup(1);
  dup2(fileno(file), 1);
  Outcome outcome;
  oklo::cli::Options options;
  for (size_t at = 0; at < topic.size();) {
    size_t end = std::min(topic.find(' ', at), topic.size());
    options.words.push_back(topic.substr(at, end - at));
    at = end + 1;
  }
  outcome.code = oklo::cli::run_help(*oklo::cli::find_command("help"), options);
  dup2(before, 1);
  close(before);
  rewind(file);
  for (int c = fgetc(file); c != EOF; c = fgetc(file)) outcome.text.push_back(static_cast<char>(c));
  fclose(file);
  return outcome;
}

// The front of a page, where it says which one it is.
std::string name_line(std::string_view topic) {
  std::string text = help_on(topic).text;
  size_t begin = text.find_first_not_of(' ', text.find('\n') + 1);
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("cli/help: the overview names every command and every page") {
  Outcome overview = help_on("");
  CHECK(overview.code == 0);
  for (const oklo::cli::Command& command : oklo::cli::commands())
    CHECK(overview.text.find("\n  " + std::string(command.name) + " ") != std::string::npos);
  for (std::string_view page : {"oklo", "library", "oklo.conf", "conf", "source"})
    CHECK(overview.text.find("\n  " + std::string(page) + " ") != std::string::npos);
}

TEST_CASE("cli/help: a page by its topic, its name, its section, or both") {
  CHECK(name_line("oklo").starts_with("oklo - "));
  CHECK(name_line("oklo") == name_line("1"));
  CHECK(name_line("library").starts_with("oklo - "));
  CHECK(name_line("library") != name_line("oklo"));
  for (std::string_view same : {"3", "oklo.3", "oklo(3)"}) CHECK(name_line(same) == name_line("library"));
  CHECK(name_line("oklo.conf").starts_with("oklo.conf - "));
  for (std::string_view same : {"5", "oklo.conf.5", "oklo.conf(5)"})
    CHECK(name_line(same) == name_line("oklo.conf"));
  CHECK(name_line("source").starts_with("oklo-source - "));
  for (std::string_view same : {"7", "oklo-source", "oklo-source.7", "oklo-source(7)"})
    CHECK(name_line(same) == name_line("source"));
}

TEST_CASE("cli/help: every page in the binary can be asked for, and is 78 columns wide at most") {
  for (const oklo::EmbeddedFile& file : oklo::embedded_files()) {
    if (!file.name.starts_with("man/")) continue;
    Outcome page = help_on(file.name.substr(4));
    CHECK_MESSAGE(page.code == 0, file.name);
    CHECK_MESSAGE(page.text.starts_with("NAME\n"), file.name);
    for (size_t at = 0; at < page.text.size();) {
      size_t end = page.text.find('\n', at);
      CHECK_MESSAGE(end - at <= 78, file.name << ": " << page.text.substr(at, end - at));
      at = end + 1;
    }
  }
}

TEST_CASE("cli/help: a command's help lists its flags and no others") {
  Outcome serve = help_on("serve");
  CHECK(serve.code == 0);
  CHECK(serve.text.starts_with("usage: oklo serve "));
  CHECK(serve.text.find("--workers") != std::string::npos);
  CHECK(serve.text.find("--json") == std::string::npos);
  CHECK(help_on("status").text.find("--json") != std::string::npos);
}

TEST_CASE("cli/help: the directives of the configuration, all or one") {
  Outcome all = help_on("conf");
  CHECK(all.code == 0);
  for (const oklo::config::Directive& directive : oklo::config::directives())
    CHECK_MESSAGE(all.text.find("     " + std::string(directive.name)) != std::string::npos, directive.name);
  Outcome workers = help_on("conf workers");
  CHECK(workers.code == 0);
  CHECK(workers.text.find("workers auto|N") != std::string::npos);
  CHECK(workers.text.find("Default: auto; from 1 to 1024.") != std::string::npos);
  CHECK(workers.text.find("listen") == std::string::npos);
  CHECK(help_on("conf wokers").code == oklo::cli::kUsage);
  CHECK(help_on("oklo.conf workers").code == oklo::cli::kUsage);
}

TEST_CASE("cli/help: every topic that is offered can be asked for") {
  for (std::string_view topic : oklo::cli::help_topics()) CHECK_MESSAGE(help_on(topic).code == 0, topic);
}

TEST_CASE("cli/help: an unknown topic is wrong usage") {
  CHECK(help_on("nonsense").code == oklo::cli::kUsage);
  CHECK(help_on("nonsense").text.empty());
}
