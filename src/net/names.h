#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/address.h"

#include <oklo/function.h>

namespace oklo {

// Who knows the addresses of hosts.
class Names {
 public:
  // At least one address, each without a port, in the order in which to try them; or one sentence.
  using Found = Function<void(Result<std::vector<sys::Address>> found)>;

  // Calls `found` once, never from here. 0, and it is not called: too many are under way.
  virtual uint64_t look_up(std::string_view host, Found found) = 0;
  // It is not called any more. Nothing happens when it was.
  virtual void cancel(uint64_t lookup) = 0;

 protected:
  ~Names() = default;
};

}  // namespace oklo
