#pragma once

// All of oklo.

#include <oklo/function.h>
#include <oklo/limits.h>
#include <oklo/request.h>
#include <oklo/response.h>
#include <oklo/router.h>
#include <oklo/server.h>
