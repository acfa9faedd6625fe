#include "process/mailboxes.h"

#include <cstring>
#include <string>
#include <utility>

#include <oklo/worker.h>

namespace oklo {

Result<Mailboxes> Mailboxes::create(uint32_t slots) {
  Mailboxes made;
  for (uint32_t i = 0; i < slots; i++) {
    Result<sys::SocketPair> pair = sys::SocketPair::create();
    if (!pair) return pair.error();
    made.pairs_.push_back(std::move(pair).value());
  }
  return made;
}

bool Mailboxes::send(uint32_t from, uint32_t slot, std::string_view bytes) const {
  if (slot >= pairs_.size() || bytes.size() > kMessageBytesMax) return false;
  Header header = {from};
  std::string message(reinterpret_cast<const char*>(&header), sizeof header);
  message.append(bytes);
  return sys::send_message(pairs_[slot].first.get(), message) >= 0;
}

void Mailboxes::add_fds(std::vector<int>& to) const {
  for (const sys::SocketPair& pair : pairs_) {
    to.push_back(pair.first.get());
    to.push_back(pair.second.get());
  }
}

}  // namespace oklo
