#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "child.h"

#include <oklo/server.h>

struct Outcome {
  int code = -1;
  std::string text;
};

// Runs a server in a process of its own, with its stderr in a file without a name.
inline Outcome run(const std::function<void(oklo::Server&)>& add) {
  int file = memfd_create("stderr", MFD_CLOEXEC);
  Outcome outcome;
  outcome.code = in_child([&] {
    dup2(file, 2);
    oklo::Server server({.workers = 1, .control = "off"});
    add(server);
    return server.run();
  });
  char text[4096];
  ssize_t size = pread(file, text, sizeof text, 0);
  outcome.text.assign(text, size > 0 ? static_cast<size_t>(size) : 0);
  close(file);
  return outcome;
}
