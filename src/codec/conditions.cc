#include "codec/conditions.h"

#include "base/ascii.h"
#include "codec/http_date.h"

namespace oklo::codec {

namespace {

enum class Comparison { strong, weak };

struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool weak = false;
};

constexpr bool is_etag_char(char c) {
  unsigned char byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes one entity tag from the front of `text` (RFC 9110 section 8.8.3); false where none stands there.
bool take_tag(std::string_view& text, EntityTag& out) {
  out.weak = text.starts_with("W/");
  if (out.weak) text.remove_prefix(2);
  if (!text.starts_with('"')) return false;
  size_t end = 1;
  while (end < text.size() && is_etag_char(text[end])) end++;
  if (end == text.size() || text[end] != '"') return false;
  out.opaque = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  return true;
}

bool same_tag(const EntityTag& a, const EntityTag& b, Comparison comparison) {
  if (comparison == Comparison::strong && (a.weak || b.weak)) return false;
  return a.opaque == b.opaque;
}

// Whether a list of tags, or "*", holds the current one. A comma may stand within a tag.
bool list_matches(std::string_view list, std::string_view current, Comparison comparison) {
  list = trim(list);
  if (list == "*") return true;
  EntityTag mine;
  if (!take_tag(current, mine)) return false;
  while (!list.empty()) {
    if (list.front() == ',' || list.front() == ' ' || list.front() == '\t') {
      list.remove_prefix(1);
      continue;
    }
    EntityTag tag;
    if (!take_tag(list, tag)) return false;
    if (same_tag(mine, tag, comparison)) return true;
    list = trim(list);
    if (!list.empty() && list.front() != ',') return false;
  }
  return false;
}

// Several lines of one field are one list (RFC 9110 section 5.3).
bool any_line_matches(const RequestHead& head, FieldId id, std::string_view etag, Comparison comparison) {
  for (const Field& field : head.all())
    if (field.id == id && list_matches(head.value(field), etag, comparison)) return true;
  return false;
}

bool safe(Method method) {
  return method == Method::get || method == Method::head;
}

// Steps 1 and 2: whether the resource is still the one the client knows.
bool state_expected(const RequestHead& head, const Validators& current, int64_t now_s) {
  if (head.has(FieldId::if_match)) {
    return any_line_matches(head, FieldId::if_match, current.etag, Comparison::strong);
  }
  if (!head.has(FieldId::if_unmodified_since)) return true;
  std::optional<int64_t> since = parse_http_date(head.field(FieldId::if_unmodified_since), now_s);
  return !since || current.modified_s <= *since;
}

}  // namespace

bool has_conditions(const RequestHead& head) {
  return head.has(FieldId::if_match) || head.has(FieldId::if_none_match) ||
         head.has(FieldId::if_modified_since) || head.has(FieldId::if_unmodified_since);
}

Precondition check_conditions(const RequestHead& head, const Validators& current, int64_t now_s) {
  if (!state_expected(head, current, now_s)) return Precondition::failed;
  if (head.has(FieldId::if_none_match)) {
    bool known = any_line_matches(head, FieldId::if_none_match, current.etag, Comparison::weak);
    if (!known) return Precondition::proceed;
    return safe(head.method) ? Precondition::not_modified : Precondition::failed;
  }
  if (!head.has(FieldId::if_modified_since) || !safe(head.method)) return Precondition::proceed;
  std::optional<int64_t> since = parse_http_date(head.field(FieldId::if_modified_since), now_s);
  return since && current.modified_s <= *since ? Precondition::not_modified : Precondition::proceed;
}

bool range_applies(const RequestHead& head, const Validators& current, int64_t now_s) {
  if (!head.has(FieldId::if_range)) return true;
  std::string_view value = trim(head.field(FieldId::if_range));
  EntityTag asked;
  std::string_view rest = value;
  if (take_tag(rest, asked)) {
    EntityTag mine;
    std::string_view etag = current.etag;
    return rest.empty() && take_tag(etag, mine) && same_tag(mine, asked, Comparison::strong);
  }
  // A date proves nothing about a file that may change again within the same second: section 8.8.2.2.
  std::optional<int64_t> date = parse_http_date(value, now_s);
  return date && *date == current.modified_s && current.modified_s < now_s;
}

}  // namespace oklo::codec
