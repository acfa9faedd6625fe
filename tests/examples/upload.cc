// Takes files of up to 16 MiB by PUT or POST /NAME into a directory: upload ADDRESS DIRECTORY
// The body comes in pieces, and goes to a file that gets its name when it is complete.
#include <oklo/oklo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// What belongs to one upload; all zero before on_head.
struct Upload {
  int file;
  bool failed;
  char path[16];
};

void open_file(const oklo::Request& request, oklo::Response& response) {
  std::string_view name = request.param("name");
  if (name.starts_with('.') || name.find('/') != name.npos) return response.fail(403);
  Upload& upload = request.state<Upload>();
  upload.file = mkstemp(std::strcpy(upload.path, ".part-XXXXXX"));
  if (upload.file < 0) response.fail(500);
}

void write_piece(const oklo::Request& request, std::string_view piece) {
  Upload& upload = request.state<Upload>();
  upload.failed |= write(upload.file, piece.data(), piece.size()) != static_cast<ssize_t>(piece.size());
}

void clean_up(const oklo::Request& request) {
  close(request.state<Upload>().file);
  unlink(request.state<Upload>().path);
}

void keep_file(const oklo::Request& request, oklo::Response& response) {
  const Upload& upload = request.state<Upload>();
  std::string name(request.param("name"));
  bool kept = !upload.failed && std::rename(upload.path, name.c_str()) == 0;
  clean_up(request);
  kept ? response.status(201).text("kept ", name, "\n") : response.fail(507);
}

int main(int argc, char** argv) {
  if (argc != 3 || chdir(argv[2]) != 0) return 100;
  oklo::Router site;
  site.upload("/:name", {open_file, write_piece, keep_file, clean_up});
  oklo::Server server;
  server.http(argv[1], std::move(site), {.upload_bytes = 16 << 20, .body_window_ms = 2000});
  return server.run();
}
