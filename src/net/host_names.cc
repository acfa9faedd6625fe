#include "net/host_names.h"

#include <string>
#include <utility>

#include "sys/outgoing.h"

#include <oklo/resolve.h>

namespace oklo {

namespace {

using Addresses = std::vector<std::string>;

class HostNames final : public Names {
 public:
  uint64_t look_up(std::string_view host, Found found) override {
    auto tell = [told = std::move(found)](const Addresses& texts, std::string_view error) {
      std::vector<sys::Address> addresses;
      for (const std::string& text : texts) addresses.push_back(*sys::numeric_address(text, 0));
      if (addresses.empty()) told(Error{0, std::string(error)});
      else told(std::move(addresses));
    };
    return resolve(host, std::move(tell)).value;
  }
  void cancel(uint64_t lookup) override { oklo::cancel(LookupId{lookup}); }
};

}  // namespace

Names& host_names() {
  static HostNames names;
  return names;
}

}  // namespace oklo
