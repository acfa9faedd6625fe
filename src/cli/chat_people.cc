#include "cli/chat_people.h"

#include <set>

#include "base/number.h"
#include "cli/chat_text.h"

namespace oklo::cli {

namespace {

// Characters of UTF-8 have up to 4 bytes, and " 1000" may stand behind a name.
constexpr uint32_t kRoomBytes = ChatPeople::kRoomCharactersMax * 4;
constexpr uint32_t kNameBytes = ChatPeople::kNameCharactersMax * 4 + 5;

uint64_t packed(ConnectionId id) { return uint64_t{id.row} << 32 | id.generation; }

ChatPerson person_of(const TableRow& row) {
  auto id = static_cast<uint64_t>(row.integer("id"));
  return {{static_cast<uint32_t>(id >> 32), static_cast<uint32_t>(id)},
          std::string(row.text("room")),
          std::string(row.text("name")),
          static_cast<unsigned>(row.integer("worker"))};
}

// The wanted name, or the first of "NAME 2", "NAME 3" ... that nobody has.
std::string free_name(const std::string& wanted, const std::set<std::string>& taken) {
  std::string name = wanted;
  for (uint64_t number = 2; taken.contains(fold(name)); number++) name = wanted + ' ' + decimal(number);
  return name;
}

}  // namespace

ChatPeople::ChatPeople(bool (*is_open)(ConnectionId))
    : is_open_(is_open),
      table_({.rows = kPeopleMax,
              .columns = {{"id", ColumnType::integer},
                          {"room", ColumnType::text, kRoomBytes},
                          {"name", ColumnType::text, kNameBytes},
                          {"token", ColumnType::text, kTokenBytesMax},
                          {"worker", ColumnType::integer}}}) {}

std::string ChatPeople::key_of(ConnectionId id) { return decimal(packed(id)); }

std::optional<ChatPeople::Entered> ChatPeople::enter(const ChatPerson& person, std::string_view token) {
  Lock::Guard guard(lock_);
  Entered entered{person.name, {}};
  std::set<std::string> taken;
  table_.for_each([&](const TableRow& row) {
    if (row.text("room") != person.room) return;
    ChatPerson other = person_of(row);
    bool same = !token.empty() && row.text("token") == token && fold(other.name) == fold(person.name);
    if (same && leave(other.id)) entered = {other.name, other.id};
    else if (is_open_(other.id)) taken.insert(fold(other.name));
  });
  entered.name = free_name(entered.name, taken);
  Stored stored = table_.set(key_of(person.id), {{"id", packed(person.id)},
                                                 {"room", person.room},
                                                 {"name", entered.name},
                                                 {"token", token},
                                                 {"worker", person.worker}});
  if (stored != Stored::yes) return std::nullopt;
  return entered;
}

std::optional<ChatPerson> ChatPeople::find(ConnectionId id) const {
  std::optional<TableRow> row = table_.get(key_of(id));
  if (!row) return std::nullopt;
  return person_of(*row);
}

std::vector<ChatPerson> ChatPeople::in(std::string_view room) const {
  std::vector<ChatPerson> people;
  table_.for_each([&](const TableRow& row) {
    if (row.text("room") != room) return;
    ChatPerson person = person_of(row);
    if (is_open_(person.id)) people.push_back(std::move(person));
  });
  return people;
}

std::vector<ChatPerson> ChatPeople::sweep() {
  std::vector<ChatPerson> gone;
  table_.for_each([&](const TableRow& row) {
    ChatPerson person = person_of(row);
    if (!is_open_(person.id) && leave(person.id)) gone.push_back(std::move(person));
  });
  return gone;
}

}  // namespace oklo::cli
