#include "codec/field_id.h"

#include <iterator>

namespace oklo::codec {
namespace {

struct Known {
  std::string_view name;
  FieldId id;
};

constexpr Known kKnown[] = {
    {"host", FieldId::host},
    {"content-length", FieldId::content_length},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"connection", FieldId::connection},
    {"expect", FieldId::expect},
    {"upgrade", FieldId::upgrade},
    {"te", FieldId::te},
    {"trailer", FieldId::trailer},
    {"range", FieldId::range},
    {"if-range", FieldId::if_range},
    {"if-match", FieldId::if_match},
    {"if-none-match", FieldId::if_none_match},
    {"if-modified-since", FieldId::if_modified_since},
    {"if-unmodified-since", FieldId::if_unmodified_since},
    {"accept-encoding", FieldId::accept_encoding},
    {"content-type", FieldId::content_type},
    {"cookie", FieldId::cookie},
    {"user-agent", FieldId::user_agent},
    {"referer", FieldId::referer},
    {"origin", FieldId::origin},
    {"sec-websocket-key", FieldId::sec_websocket_key},
    {"sec-websocket-version", FieldId::sec_websocket_version},
    {"sec-websocket-protocol", FieldId::sec_websocket_protocol},
    {"x-forwarded-for", FieldId::x_forwarded_for},
};
static_assert(std::size(kKnown) + 1 == static_cast<size_t>(FieldId::count));

constexpr std::array<FieldSlot, kFieldSlots> make_slots() {
  std::array<FieldSlot, kFieldSlots> slots{};
  for (const Known& known : kKnown) {
    FieldSlot& slot = slots[field_slot(known.name)];
    for (size_t i = 0; i < known.name.size(); i++) slot.name[i] = known.name[i];
    slot.size = static_cast<uint8_t>(known.name.size());
    slot.id = known.id;
  }
  return slots;
}

constexpr bool no_name_lost() {
  for (const Known& known : kKnown)
    if (make_slots()[field_slot(known.name)].id != known.id) return false;
  return true;
}
static_assert(no_name_lost());

}  // namespace

constexpr std::array<FieldSlot, kFieldSlots> kFieldSlotTable = make_slots();

}  // namespace oklo::codec
