#include "process/shared_state.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/number.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

constexpr uint32_t kLivesPerSlot = 6;  // four generations that drain, the current, the next
constexpr uint32_t kSpareLives = 16;
constexpr uint64_t kRowsMax = 1u << 20;
constexpr uint32_t kGenerationsApart = 1u << 20;  // of the connections of one configuration and the next

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

void describe(SlotRow& row, Role role, const std::string& name) {
  row.role = role;
  name.copy(row.name, kProcessNameBytesMax);
}

// In process mode there may be two gates at a time, one that leaves and one that comes.
Result<Scoreboard> make_scoreboard(const MasterOptions& options, uint32_t workers, uint32_t threads) {
  uint32_t places = workers + static_cast<uint32_t>(options.processes.size());
  uint32_t keepers = threads ? threads + 1 : 0;
  Result<Scoreboard> made = Scoreboard::create(2 * keepers + places * kLivesPerSlot + kSpareLives,
                                               places + keepers, 2 * keepers);
  if (!made) return made;
  for (uint32_t i = workers; i < places; i++) {
    const ProcessSpec& process = options.processes[i - workers];
    describe(made->slot(i), process.task_worker ? Role::task_worker : Role::process, process.name);
    made->slot(i).task_worker = process.task_worker;
  }
  for (uint32_t i = 0; i < threads; i++)
    describe(made->slot(places + i), Role::gate_thread, "gate " + decimal(i + 1));
  if (threads) describe(made->slot(places + threads), Role::manager, "manager");
  return made;
}

}  // namespace

Result<SharedState> SharedState::create(const MasterOptions& options, uint32_t workers, uint32_t threads,
                                        const std::vector<sys::Address>& addresses, uint32_t number) {
  uint32_t places = workers + static_cast<uint32_t>(options.processes.size());
  Result<Scoreboard> scoreboard = make_scoreboard(options, workers, threads);
  if (!scoreboard) return scoreboard.error();
  describe(scoreboard->service(), addresses);
  uint32_t rows = connection_rows(options.connections_max, workers, places + threads);
  Result<ConnectionTable> table = ConnectionTable::create(rows, number * kGenerationsApart);
  if (!table) return table.error();
  SharedState state = {std::move(scoreboard).value(), std::move(table).value(), {}, {}, {}, {}, {}, {}};
  if (options.per_address.connections || options.per_address.requests_s) {
    Result<AddressTable> made = AddressTable::create(options.per_address, state.scoreboard.size());
    if (!made) return made.error();
    state.address_table.emplace(std::move(made).value());
  }
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
  if (threads) {
    Result<Wires> wires = Wires::create(threads, workers);
    if (!wires) return wires.error();
    state.wires.emplace(std::move(wires).value());
    Result<ConnectionStates> states = ConnectionStates::create(state.connections.size());
    if (!states) return states.error();
    state.states.emplace(std::move(states).value());
  }
  if (!options.broadcasts && !threads) return state;
  Result<Broadcast> broadcast = Broadcast::create(state.scoreboard.size() + (threads ? 2 : 1));
  if (!broadcast) return broadcast.error();
  state.broadcast.emplace(std::move(broadcast).value());
  return state;
}

}  // namespace oklo
