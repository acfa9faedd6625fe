#pragma once

#include <string_view>

#include <oklo/function.h>

namespace oklo::http {

// Is given the decoded name and value of one field; false: that was enough.
using FieldVisitor = Function<bool(std::string_view name, std::string_view value)>;

// Walks the fields of a body that is there whole, in their order: application/x-www-form-urlencoded or
// multipart/form-data, whose files are passed over. Whether it is such a body, and without a fault as far as
// it was read; what stands in front of a fault is visited.
bool visit_fields(std::string_view content_type, std::string_view body, const FieldVisitor& visit);

// The same for pairs that are written as in a query or in application/x-www-form-urlencoded.
void visit_pairs(std::string_view text, const FieldVisitor& visit);

}  // namespace oklo::http
