#pragma once

#include <oklo/form.h>
#include <oklo/router.h>

namespace oklo::http {

// The handlers of a route whose bodies are forms. The form that is being read stands behind a pointer in
// Request::state until the handler is called, which finds that memory zeroed.
UploadHandlers form_upload(FormHandler handler, FormOptions options);

}  // namespace oklo::http
