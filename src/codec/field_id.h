#pragma once

#include <array>
#include <string_view>

#include "base/ascii.h"
#include "codec/characters.h"
#include "codec/http_request.h"

namespace oklo::codec {

// The known field names in a hash table without collisions.
struct FieldSlot {
  char name[24] = {};  // in small letters, room for the longest in whole words
  uint8_t size = 0;
  FieldId id = FieldId::other;
  uint8_t unused[6] = {};
};

inline constexpr size_t kFieldSlots = 64;
extern const std::array<FieldSlot, kFieldSlots> kFieldSlotTable;

// The factors are chosen so that no two of the known names meet. A name has at least one character.
constexpr size_t field_slot(std::string_view name) {
  size_t first = static_cast<unsigned char>(name.front() | 0x20);
  size_t last = static_cast<unsigned char>(name.back() | 0x20);
  return (name.size() + first * 8 + last * 9) % kFieldSlots;
}

// Whether `name` is the slot's name, in any case; their sizes are the same. Bit 0x20 makes letters small;
// no token character that is not a letter becomes a letter or '-' by it.
inline bool same_field_name(const FieldSlot& slot, const char* name) {
  const char* small = slot.name;
  size_t size = slot.size;
  for (; size > 8; size -= 8, name += 8, small += 8)
    if ((load_word(name) | 0x20 * kOnes) != load_word(small)) return false;
  return ((load_word(name) | 0x20 * kOnes) ^ load_word(small)) << (64 - 8 * size) == 0;
}

// Which field a name stands for, in any case. Up to `end` the bytes behind the name may be read.
inline FieldId field_id(std::string_view name, const char* end) {
  const FieldSlot& slot = kFieldSlotTable[field_slot(name)];
  if (slot.size != name.size()) return FieldId::other;
  bool same = static_cast<size_t>(end - name.data()) >= sizeof slot.name
                  ? same_field_name(slot, name.data())
                  : equal_ignoring_case(name, {slot.name, slot.size});
  return same ? slot.id : FieldId::other;
}

}  // namespace oklo::codec
