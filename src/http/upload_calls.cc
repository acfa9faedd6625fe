#include "http/upload_calls.h"

#include <utility>

#include "http/late_answers.h"

namespace oklo::http {

void call_on_head(Exchange& exchange, const UploadHandlers& upload) {
  if (!upload.on_head) return;
  NotLater guard(exchange);
  Response response = exchange.response();
  upload.on_head(exchange.request(), response);
}

void call_on_piece(Exchange& exchange, const UploadHandlers& upload, std::string_view piece) {
  if (!upload.on_piece || piece.empty()) return;
  NotLater guard(exchange);
  Response response = exchange.response();
  bool keep_alive = std::exchange(exchange.keep_alive, false);
  upload.on_piece(exchange.request(), piece, response);
  if (!exchange.begun) exchange.keep_alive = keep_alive;
}

void call_on_end(Exchange& exchange, const UploadHandlers& upload) {
  Response response = exchange.response();
  if (upload.on_end) upload.on_end(exchange.request(), response);
}

void call_on_abort(Exchange& exchange, const UploadHandlers& upload) {
  if (upload.on_abort) upload.on_abort(exchange.request());
}

void call_all(Exchange& exchange, const UploadHandlers& upload) {
  std::string_view body = std::exchange(exchange.body, {});
  bool keep_alive = std::exchange(exchange.keep_alive, exchange.keep_alive && body.empty());
  call_on_head(exchange, upload);
  if (exchange.begun) return;
  exchange.keep_alive = keep_alive;
  call_on_piece(exchange, upload, body);
  if (exchange.begun) call_on_abort(exchange, upload);
  else call_on_end(exchange, upload);
}

}  // namespace oklo::http
