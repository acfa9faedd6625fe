#pragma once

// All of oklo.

#include <oklo/address_limits.h>
#include <oklo/client.h>
#include <oklo/close_reason.h>
#include <oklo/co.h>
#include <oklo/co_stream.h>
#include <oklo/connection.h>
#include <oklo/connection_id.h>
#include <oklo/cookie.h>
#include <oklo/datagram.h>
#include <oklo/datagram_client.h>
#include <oklo/form.h>
#include <oklo/framing.h>
#include <oklo/function.h>
#include <oklo/http_call.h>
#include <oklo/http_client.h>
#include <oklo/limits.h>
#include <oklo/process.h>
#include <oklo/request.h>
#include <oklo/request_id.h>
#include <oklo/resolve.h>
#include <oklo/response.h>
#include <oklo/room.h>
#include <oklo/router.h>
#include <oklo/server.h>
#include <oklo/shared.h>
#include <oklo/state.h>
#include <oklo/stream.h>
#include <oklo/sync_client.h>
#include <oklo/table.h>
#include <oklo/task.h>
#include <oklo/task_handler.h>
#include <oklo/websocket.h>
#include <oklo/websocket_client.h>
#include <oklo/worker.h>
