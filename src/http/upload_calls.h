#pragma once

#include <string_view>

#include "http/exchange.h"

#include <oklo/router.h>

namespace oklo::http {

// How the handlers of an upload are called, those that are there. An answer before the body is complete
// refuses the rest of it and can't be promised for later.
void call_on_head(Exchange& exchange, const UploadHandlers& upload);
// An answer here is the last one of its connection: the rest may still come.
void call_on_piece(Exchange& exchange, const UploadHandlers& upload, std::string_view piece);
void call_on_end(Exchange& exchange, const UploadHandlers& upload);
void call_on_abort(Exchange& exchange, const UploadHandlers& upload);

// All of them for a body that is there whole: it is refused and taken as one that comes in parts.
void call_all(Exchange& exchange, const UploadHandlers& upload);

}  // namespace oklo::http
