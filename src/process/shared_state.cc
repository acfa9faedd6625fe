#include "process/shared_state.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

constexpr uint32_t kLivesPerSlot = 6;  // four generations that drain, the current, the next
constexpr uint32_t kSpareLives = 16;
constexpr uint64_t kRowsMax = 1u << 20;

// Each process of the program's own may have as many as a worker.
uint32_t connection_rows(uint32_t connections_max, uint32_t workers, uint32_t slots) {
  uint64_t wanted = uint64_t{connections_max} * slots / workers;
  if (wanted == 0) wanted = std::min(sys::file_limit(), kRowsMax) * slots;
  wanted += uint64_t{slots} * ConnectionTable::kChunkRows;
  return static_cast<uint32_t>(std::min(wanted, kRowsMax));
}

void describe(ServiceRow& row, const std::vector<sys::Address>& addresses) {
  row.pid = sys::current_pid();
  row.started_ms.set(sys::monotonic_ms());
  char* end = row.addresses;
  for (const sys::Address& address : addresses) {
    std::string text = address.to_string();
    if (end + text.size() + 2 > row.addresses + sizeof row.addresses) break;
    std::memcpy(end, text.c_str(), text.size() + 1);
    end += text.size() + 1;
  }
}

}  // namespace

Result<SharedState> SharedState::create(const MasterOptions& options, uint32_t slots,
                                        const std::vector<sys::Address>& addresses) {
  uint32_t places = slots + static_cast<uint32_t>(options.processes.size());
  Result<Scoreboard> scoreboard = Scoreboard::create(places * kLivesPerSlot + kSpareLives, places);
  if (!scoreboard) return scoreboard.error();
  uint32_t rows = connection_rows(options.connections_max, slots, places);
  Result<ConnectionTable> table = ConnectionTable::create(rows);
  if (!table) return table.error();
  describe(scoreboard->service(), addresses);
  for (uint32_t i = slots; i < places; i++) {
    options.processes[i - slots].name.copy(scoreboard->slot(i).name, kProcessNameBytesMax);
    scoreboard->slot(i).task_worker = options.processes[i - slots].task_worker;
  }
  SharedState state = {std::move(scoreboard).value(), std::move(table).value(), {}, {}, {}};
  if (options.tasks.records) {
    TaskTableOptions tasks = options.tasks;
    tasks.lives = state.scoreboard.size();
    Result<TaskTable> made = TaskTable::create(std::move(tasks));
    if (!made) return made.error();
    state.tasks.emplace(std::move(made).value());
  }
  if (options.messages) {
    Result<Mailboxes> mail = Mailboxes::create(places);
    if (!mail) return mail.error();
    state.mail.emplace(std::move(mail).value());
  }
  if (!options.broadcasts) return state;
  Result<Broadcast> broadcast = Broadcast::create(state.scoreboard.size() + 1);
  if (!broadcast) return broadcast.error();
  state.broadcast.emplace(std::move(broadcast).value());
  return state;
}

}  // namespace oklo
