#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oklo::codec {

// What /etc/hosts says, hosts(5): addresses and their names. Sorted once, for such files may be long.
class HostsFile {
 public:
  static constexpr size_t kNamesMax = 65536;          // further ones are not found
  static constexpr size_t kBytesMax = size_t{4} << 20;  // what stands behind is not read

  HostsFile() = default;
  explicit HostsFile(std::string text);

  // The addresses of a name, as they are written, in the order of their lines. They hold as long as this
  // does.
  std::vector<std::string_view> find(std::string_view name) const;

 private:
  struct Entry {
    uint32_t name_at;
    uint32_t name_size;
    uint32_t address_at;
    uint32_t address_size;
  };

  std::string_view name_of(const Entry& entry) const;
  void add_line(std::string_view line);

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace oklo::codec
