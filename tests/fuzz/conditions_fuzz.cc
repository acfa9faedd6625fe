#include "codec/conditions.h"

#include <algorithm>

#include "base/assert.h"

using namespace oklo::codec;

// One field with any value: the outcome is one that this field can have.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr FieldId kIds[] = {FieldId::if_match, FieldId::if_none_match, FieldId::if_modified_since,
                              FieldId::if_unmodified_since, FieldId::if_range};
  if (size < 1 || size > 60000) return 0;
  FieldId id = kIds[data[0] % 5];
  RequestHead head;
  head.base = reinterpret_cast<const char*>(data);
  head.first.fill(0);
  head.first[static_cast<size_t>(id)] = 1;
  head.field_count = 1;
  head.fields[0] = {0, 0, 1, static_cast<uint16_t>(size - 1), id};
  Validators current = {"\"abc\"", 1704164645};
  Precondition outcome = check_conditions(head, current, 1704164645);
  bool may_fail = id == FieldId::if_match || id == FieldId::if_unmodified_since;
  bool may_match = id == FieldId::if_none_match || id == FieldId::if_modified_since;
  OKLO_ASSERT(outcome != Precondition::failed || may_fail);
  OKLO_ASSERT(outcome != Precondition::not_modified || may_match);
  bool whole_tag = head.value(head.fields[0]).find("\"abc\"") != std::string_view::npos;
  OKLO_ASSERT(id != FieldId::if_range || !range_applies(head, current, 1704164645) || whole_tag);
  return 0;
}
