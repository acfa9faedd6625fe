#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/config_lexer.h"

namespace oklo::config {

using codec::ConfigPlace;

// A place in the configuration: in which of its files, and where there.
struct Place {
  uint32_t source = 0;
  ConfigPlace at;
  friend auto operator<=>(const Place&, const Place&) = default;
};

// A file of the configuration, as it was read.
struct Source {
  std::string name;  // as a person calls it
  std::string text;
};

// What is wrong with a configuration, and the texts in which it is.
class Faults {
 public:
  static constexpr size_t kCountMax = 100;  // further ones are not kept

  // The number of the source from now on.
  uint32_t add_source(std::string name, std::string text);
  const Source& source(uint32_t number) const { return sources_[number]; }

  void add(Place place, std::string text);
  // Of no place in a text.
  void add(std::string text);

  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }

  // For a person: in the order of the text, each as
  //   FILE:LINE:COLUMN: what is wrong
  //       the line
  //           ^
  std::string to_text() const;
  // "FILE:LINE:COLUMN".
  std::string name_of(Place place) const;

 private:
  struct Fault {
    Place place;
    bool placed = true;
    std::string text;
  };

  std::vector<Source> sources_;
  std::vector<Fault> list_;
  bool more_ = false;
};

}  // namespace oklo::config
