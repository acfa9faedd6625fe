#pragma once

#include <cstdint>

#include "shm/address_table.h"
#include "shm/scoreboard.h"

namespace oklo {

// What one life asks of the AddressTable, and counts. An address for which there is no place has no limits.
class AddressGuard {
 public:
  // All outlive it.
  AddressGuard(const AddressTable& table, uint32_t life, LifeRow& row)
      : table_(table), life_(life), row_(row) {}

  bool limits_connections() const { return table_.limits_connections(); }
  bool limits_requests() const { return table_.limits_requests(); }

  // Whether a connection of that peer may begin; its place is to be left when it ends.
  bool enter(const uint8_t* peer, uint64_t now_ms, uint32_t& place) {
    return judge(table_.enter(peer, life_, now_ms, place));
  }
  void leave(uint32_t place) { table_.leave(place, life_); }

  // Whether a request may be answered; if not, in how many seconds another one may.
  bool ask(const uint8_t* peer, uint64_t now_ms, uint32_t& wait_s) {
    bool may = judge(table_.ask(peer, life_, now_ms, wait_s));
    if (!may) row_.requests_limited.add(1);
    return may;
  }

 private:
  bool judge(AddressTable::Answer answer) {
    if (answer == AddressTable::Answer::unknown) row_.addresses_unknown.add(1);
    return answer != AddressTable::Answer::no;
  }

  const AddressTable& table_;
  uint32_t life_;
  LifeRow& row_;
};

}  // namespace oklo
