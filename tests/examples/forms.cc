// Queries, cookies and forms with files: forms ADDRESS DIRECTORY
// Files that are sent to /send are kept in DIRECTORY, under their names as far as these are safe.
#include <oklo/oklo.h>
#include <oklo/table.h>
#include <sys/random.h>

#include <string>

namespace {

// What others have sent must not become a part of the page.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

// A name for a session that nobody can guess.
std::string new_session() {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return "";
  std::string text;
  for (unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// How often the client of the session has been here, in all workers together. Only a name that was given out
// here is taken from a cookie.
int64_t count_visit(oklo::Table& sessions, const oklo::Request& request, oklo::Response& response) {
  std::string name(request.cookie("session").value_or(""));
  if (!sessions.contains(name)) {
    name = new_session();
    response.cookie({.name = "session", .value = name, .max_age_s = 3600});
  }
  return sessions.increment(name, "visits").value_or(0);
}

void home(oklo::Table& sessions, const oklo::Request& request, oklo::Response& response) {
  std::string who = request.query_param("name").value_or("you");
  std::string visits = std::to_string(count_visit(sessions, request, response));
  response.html("<!doctype html><title>Forms</title><p>Hello ", escaped(who), ", visit ", visits, "</p>"
                "<form action=/send method=post enctype=multipart/form-data>"
                "<input name=note><input name=file type=file multiple><button>Send</button></form>\n");
}

std::string kept(const oklo::FormFile& file, const std::string& directory) {
  oklo::FormSaved saved = file.save(directory + "/" + file.safe_name(), 0644);
  return saved ? "kept as " + file.safe_name() : saved.reason;
}

void show(const std::string& directory, const oklo::Form& form, oklo::Response& response) {
  std::string page = "<!doctype html><title>Sent</title><ul>";
  form.fields([&page](std::string_view name, std::string_view value) {
    page += "<li>" + escaped(name) + " = " + escaped(value) + "</li>";
  });
  form.files([&](const oklo::FormFile& file) {
    page += "<li>" + escaped(file.name()) + ": " + escaped(file.file_name()) + ", " +
            escaped(file.content_type()) + ", " + std::to_string(file.size()) + " bytes" +
            (file.fd() < 0 ? " in memory, " : " on disk, ") + escaped(kept(file, directory)) + "</li>";
  });
  response.html(page, "</ul>\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 100;
  const std::string directory = argv[2];
  oklo::Table sessions({.rows = 10'000, .columns = {{"visits"}}});
  if (!sessions.ok()) return 111;
  oklo::Router site;
  site.get("/", [&sessions](const oklo::Request& request, oklo::Response& response) {
    home(sessions, request, response);
  });
  site.post("/small", [](const oklo::Request& request, oklo::Response& response) {
    std::string all;
    bool good = request.form_params([&all](std::string_view name, std::string_view value) {
      all.append(name).append(" = ").append(value).append("\n");
    });
    good ? response.text(all) : response.fail(400);
  });
  site.form("/send", [&directory](const oklo::Request&, const oklo::Form& form, oklo::Response& response) {
    show(directory, form, response);
  }, {.directory = directory});
  oklo::Server server({.workers = 2});
  server.http(argv[1], std::move(site), {.upload_bytes = 64 << 20, .body_window_ms = 2000});
  return server.run();
}
