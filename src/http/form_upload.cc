#include "http/form_upload.h"

#include <memory>
#include <utility>

#include "http/form_reader.h"

namespace oklo::http {

namespace {

FormReader*& reader_of(const Request& request) { return request.state<FormReader*>(); }

void begin(const FormOptions& options, const Request& request, Response& response) {
  uint16_t status = 0;
  std::unique_ptr<FormReader> reader = FormReader::create(request.header("content-type"), options, status);
  if (!reader) return response.fail(status);
  reader_of(request) = reader.release();
}

void abort(const Request& request) { delete std::exchange(reader_of(request), nullptr); }

// Of a form that is refused nothing is kept while the client takes its time to go away.
void take(const Request& request, std::string_view piece, Response& response) {
  uint16_t status = reader_of(request)->take(piece);
  if (status == 0) return;
  abort(request);
  response.fail(status);
}

void end(const FormHandler& handler, const Request& request, Response& response) {
  std::unique_ptr<FormReader> reader(std::exchange(reader_of(request), nullptr));
  if (uint16_t status = reader->finish()) return response.fail(status);
  handler(request, reader->data().form(), response);
}

}  // namespace

UploadHandlers form_upload(FormHandler handler, FormOptions options) {
  auto kept = std::make_unique<FormOptions>(std::move(options));
  UploadHandlers upload;
  upload.on_end = [held = std::make_unique<FormHandler>(std::move(handler))](
                      const Request& request, Response& response) { end(*held, request, response); };
  upload.on_head = [held = std::move(kept)](const Request& request, Response& response) {
    begin(*held, request, response);
  };
  upload.on_piece = take;
  upload.on_abort = abort;
  return upload;
}

}  // namespace oklo::http
