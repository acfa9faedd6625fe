#pragma once

#include <string>

#include "http/client_call.h"

namespace oklo::http {

// Writes the request into the call, or says in a sentence what is wrong with it; empty: nothing.
std::string write_request(const HttpRequest& request, const HttpClientOptions& options, ClientCall& call);

}  // namespace oklo::http
