#include "stream/remote_streams.h"

namespace oklo::stream {

namespace {

thread_local RemoteStreams* current_streams = nullptr;

}  // namespace

RemoteStreams* RemoteStreams::current() { return current_streams; }

RemoteStreams::RemoteStreams() { current_streams = this; }

RemoteStreams::~RemoteStreams() {
  if (current_streams == this) current_streams = nullptr;
}

}  // namespace oklo::stream
