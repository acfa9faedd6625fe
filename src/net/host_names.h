#pragma once

#include "net/names.h"

namespace oklo {

// Those that the resolver of this process knows (oklo/resolve.h). Only who asks for them links it.
Names& host_names();

}  // namespace oklo
