#include "server/messenger.h"

namespace oklo {

Messenger::Messenger(const WorkerContext& context, Reach reach, ConnectionPool* pool)
    : relay_(*context.reactor, *context.row,
             RelayShare{context.broadcast, context.scoreboard, context.connections, context.life,
                        context.log},
             pool) {
  if (reach == Reach::rooms) hub_.emplace(relay_, *context.row);
}

}  // namespace oklo
