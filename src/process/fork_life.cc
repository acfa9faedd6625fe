#include "process/fork_life.h"

#include <utility>

#include "process/worker.h"
#include "sys/socket_pair.h"

namespace oklo {

namespace {

WorkerContext context_of(const KeeperContext& from, const Life& life) {
  WorkerContext context;
  context.role = from.scoreboard->slot(life.slot).role;
  context.slot = life.slot;
  context.name = life.name;
  context.life = life.index;
  context.generation = life.generation;
  context.slots = from.workers;
  context.row = &from.scoreboard->life(life.index);
  context.scoreboard = from.scoreboard;
  context.connections = from.connections;
  context.address_table = from.address_table;
  context.broadcast = from.broadcast;
  context.mail = from.mail;
  context.task_table = from.tasks;
  context.log = from.log;
  context.addresses = from.addresses;
  context.threads = from.wires ? from.wires->threads() : 0;
  if (!life.is_worker) return context;
  context.access_log = from.access_log;
  context.wires = from.wires;
  context.states = from.states;
  if (from.listeners) context.listeners = from.listeners->numbers();
  return context;
}

WorkerStart start_of(const KeeperContext& from, const Life& life, int32_t keeper, sys::Fd channel) {
  WorkerStart start;
  start.context = context_of(from, life);
  start.context.keeper = keeper;
  start.channel = std::move(channel);
  if (life.is_worker) {
    start.keep = from.keep;
    start.policy = from.policy;
    if (from.wires) from.wires->add_worker_ends(life.slot, start.keep);
  }
  if (from.broadcast) from.broadcast->add_fds(start.keep);
  if (from.mail) from.mail->add_fds(start.keep);
  if (from.tasks) from.tasks->add_fds(start.keep);
  start.rights = from.rights;
  start.shutdown_timeout_ms = from.shutdown_timeout_ms;
  start.signals = from.signals;
  return start;
}

std::unique_ptr<Life> life_of(const KeeperContext& context, const Slot& slot, uint32_t generation,
                              uint32_t index) {
  auto life = std::make_unique<Life>();
  life->index = index;
  life->slot = slot.index;
  life->is_worker = !slot.process;
  life->name = slot.name;
  life->generation = generation;
  life->started_ms = context.reactor->clock().now_ms;
  return life;
}

// What matters of a worker's end is when it is reaped, so the end of its channel says nothing.
void listen_to(const KeeperContext& context, Life& life, sys::Fd channel, OnLifeMessage on_message) {
  ControlChannel::Events events;
  events.on_message = [&life, hear = std::move(on_message)](const ControlMessage& message, sys::Fd) {
    hear(life, message);
  };
  events.on_end = [] {};
  auto made = ControlChannel::create(*context.reactor, std::move(channel), std::move(events));
  if (made) life.channel = std::move(made).value();
  else life.kill(made.error().text);
}

}  // namespace

Result<std::unique_ptr<Life>> fork_life(const KeeperContext& context, const Slot& slot, uint32_t generation,
                                        OnLifeMessage on_message) {
  const Scoreboard& scoreboard = *context.scoreboard;
  int64_t index = scoreboard.begin_life(slot.index, generation, context.reactor->clock().now_ms);
  if (index < 0) return Error{0, "too many processes are still draining"};
  auto life = life_of(context, slot, generation, static_cast<uint32_t>(index));
  int32_t keeper = sys::current_pid();
  Result<sys::SocketPair> pair = sys::SocketPair::create();
  Result<pid_t> pid = pair ? sys::fork_process() : Result<pid_t>(pair.error());
  if (!pid) {
    scoreboard.end_life(life->index);
    return pid.error();
  }
  if (*pid == 0) run_worker(*context.application, start_of(context, *life, keeper, std::move(pair->second)));
  life->pid = *pid;
  scoreboard.life(life->index).pid = *pid;
  listen_to(context, *life, std::move(pair->first), std::move(on_message));
  return life;
}

}  // namespace oklo
