#include "process/keeper_context.h"

#include "sys/root_directory.h"

namespace oklo {

Result<void> KeeperContext::prepare(std::vector<int>& to_keep) const {
  if (rights.root.empty()) return application->prepare(to_keep);
  Result<sys::RootVisit> visit = sys::RootVisit::begin(rights.root);
  if (!visit) return visit.error();
  return application->prepare(to_keep);
}

}  // namespace oklo
