#pragma once

#include <dirent.h>

#include <algorithm>
#include <set>
#include <string>

#include "process/service.h"

inline bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

inline size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) found++;
  return found;
}

inline oklo::MasterOptions process_mode() {
  oklo::MasterOptions options;
  options.has_gate = true;
  options.reactor_threads = 2;
  return options;
}

// A service in process mode: a gate of two threads, three workers.
struct Tree {
  explicit Tree(oklo::MasterOptions options = process_mode()) : service(std::move(options)) {}

  Tree& up() {
    service.up();
    return *this;
  }
  int gate() { return service.pid_behind("\"gate\":[{\"thread\":1,\"pid\":"); }
  int manager() { return service.pid_behind("\"manager\":[{\"pid\":"); }
  // One that has a gate, a manager, and each worker once.
  bool is_whole() {
    std::string json = service.status();
    return count(json, "\"thread\":") == 2 && count(json, "\"worker\":") == 3 &&
           count(json, "\"state\":\"ready\"") == 6;
  }
  void wait_until_whole() {
    Service::until([this] { return is_whole(); });
  }
  // All workers have answered.
  std::set<int> answers() {
    std::set<int> pids;
    Service::until([&] {
      pids.insert(service.ask());
      return pids.size() >= 3;
    });
    return pids;
  }

  Service service;
};

// A connection that stays: what it says is answered with a pid, 0 for none.
inline int talk(const oklo::sys::Fd& fd, char what = 'p') {
  int pid = 0;
  if (write(fd.get(), &what, 1) != 1) return 0;
  return read(fd.get(), &pid, sizeof pid) == sizeof pid ? pid : 0;
}

inline oklo::sys::Fd connect(Tree& tree) {
  oklo::sys::Fd fd = tree.service.connect('p');
  int pid = 0;
  REQUIRE(read(fd.get(), &pid, sizeof pid) == sizeof pid);
  return fd;
}

inline std::set<std::string> sockets_of(int pid) {
  std::set<std::string> found;
  std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  DIR* directory = opendir(folder.c_str());
  REQUIRE(directory);
  while (dirent* entry = readdir(directory)) {
    char target[256] = {};
    if (readlink((folder + entry->d_name).c_str(), target, sizeof target - 1) < 0) continue;
    if (std::string_view(target).starts_with("socket:")) found.insert(target);
  }
  closedir(directory);
  return found;
}

inline size_t shared(const std::set<std::string>& one, const std::set<std::string>& other) {
  return static_cast<size_t>(
      std::count_if(one.begin(), one.end(), [&](auto& name) { return other.count(name) > 0; }));
}
