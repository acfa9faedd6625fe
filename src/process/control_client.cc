#include "process/control_client.h"

#include <algorithm>

#include "process/control_socket.h"
#include "sys/file.h"
#include "sys/retry.h"
#include "sys/socket.h"

namespace oklo {

namespace {

constexpr size_t kEntriesMax = 4096;

Result<sys::Fd> connect_path(const std::string& path) {
  Result<sys::Address> address = sys::Address::parse("unix:" + path);
  if (!address) return address.error();
  return sys::connect_to(*address);
}

bool is_control_name(std::string_view name) { return name.starts_with("oklo-") && name.ends_with(".sock"); }

}  // namespace

Result<sys::Fd> connect_to_service(const std::string& path) {
  Result<sys::Fd> fd = connect_path(path);
  if (!fd) return Error{fd.error().number, "nothing runs behind " + path + ": " + fd.error().text};
  return fd;
}

Result<ControlAnswer> read_answer(const std::string& path, std::string_view answer) {
  if (answer.starts_with("ok\n")) return ControlAnswer{true, std::string(answer.substr(3))};
  if (answer.starts_with("error ")) return ControlAnswer{false, std::string(answer.substr(6))};
  return Error{0, path + " gave no answer: only root and the service's own user may command it"};
}

Result<ControlAnswer> send_command(const std::string& path, std::string_view command) {
  Result<sys::Fd> fd = connect_to_service(path);
  if (!fd) return fd.error();
  std::string line = std::string(command) + "\n";
  std::string answer;
  char bytes[65536];
  // A service that does not listen to this user closes at once, perhaps before the line is sent.
  long n = sys::retry([&] { return sys::send_bytes(fd->get(), line.data(), line.size()); });
  while (n > 0 && (n = sys::retry([&] { return sys::receive(fd->get(), bytes, sizeof bytes); })) > 0)
    answer.append(bytes, static_cast<size_t>(n));
  return read_answer(path, answer);
}

std::vector<std::string> running_services() {
  std::vector<std::string> found;
  for (const std::string& directory : control_directories()) {
    Result<sys::Fd> dir = sys::open_directory(directory);
    sys::Fd readable;
    if (!dir || sys::open_beneath(dir->get(), ".", readable) < 0) continue;
    Result<std::vector<sys::DirectoryEntry>> entries = sys::list_directory(readable.get(), kEntriesMax);
    if (!entries) continue;
    for (const sys::DirectoryEntry& entry : *entries) {
      std::string path = directory + "/" + entry.name;
      if (is_control_name(entry.name) && connect_path(path)) found.push_back(path);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace oklo
