#pragma once

// All of oklo.

#include <oklo/close_reason.h>
#include <oklo/connection_id.h>
#include <oklo/function.h>
#include <oklo/limits.h>
#include <oklo/request.h>
#include <oklo/response.h>
#include <oklo/router.h>
#include <oklo/server.h>
#include <oklo/shared.h>
#include <oklo/table.h>
