#include "cli/chat_history.h"

#include <map>
#include <utility>

#include "base/number.h"
#include "cli/chat_people.h"

namespace oklo::cli {

namespace {

constexpr uint32_t kRoomBytes = ChatPeople::kRoomCharactersMax * 4;

}  // namespace

ChatHistory::ChatHistory(int64_t last_id)
    : places_({.rows = kRoomsMax,
               .columns = {{"room", ColumnType::text, kRoomBytes},
                           {"count", ColumnType::integer},
                           {"last", ColumnType::integer}}}),
      messages_({.rows = kRoomsMax * kMessagesMax,
                 .columns = {{"room", ColumnType::text, kRoomBytes},
                             {"id", ColumnType::integer},
                             {"line", ColumnType::text, kLineBytesMax}}}),
      ids_(last_id) {}

std::string ChatHistory::error() const {
  std::string tables = places_.ok() ? messages_.error() : places_.error();
  std::string rest = lock_.ok() ? ids_.error() : lock_.error();
  return tables.empty() ? rest : tables;
}

// The place of a room, or else that one whose last message is the oldest.
uint32_t ChatHistory::place_for(std::string_view room) const {
  uint32_t oldest = 0;
  int64_t oldest_id = INT64_MAX;
  for (uint32_t place = 0; place < kRoomsMax; place++) {
    std::optional<TableRow> row = places_.get(decimal(place));
    if (row && row->text("room") == room) return place;
    int64_t last = row ? row->integer("last") : -1;
    if (last < oldest_id) {
      oldest = place;
      oldest_id = last;
    }
  }
  return oldest;
}

// Should this process die in the middle, a number in the ring is left out; no row is half changed.
void ChatHistory::add(std::string_view room, int64_t id, std::string_view line) {
  Lock::Guard guard(lock_);
  uint32_t place = place_for(room);
  std::optional<TableRow> row = places_.get(decimal(place));
  int64_t count = row && row->text("room") == room ? row->integer("count") : 0;
  places_.set(decimal(place), {{"room", room}, {"count", count + 1}, {"last", id}});
  uint32_t number = place * kMessagesMax + static_cast<uint32_t>(count % kMessagesMax);
  messages_.set(decimal(number), {{"room", room}, {"id", id}, {"line", line}});
}

// What another room has left in the ring is passed over.
std::vector<std::string> ChatHistory::last(std::string_view room) const {
  std::map<int64_t, std::string> found;
  uint32_t first = place_for(room) * kMessagesMax;
  for (uint32_t number = first; number < first + kMessagesMax; number++) {
    std::optional<TableRow> row = messages_.get(decimal(number));
    if (row && row->text("room") == room) found.emplace(row->integer("id"), row->text("line"));
  }
  std::vector<std::string> lines;
  for (auto& [id, line] : found) lines.push_back(std::move(line));
  return lines;
}

}  // namespace oklo::cli
