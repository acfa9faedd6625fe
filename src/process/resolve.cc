#include "net/resolver.h"

#include <memory>
#include <utility>

#include "process/here.h"

namespace oklo {

namespace {

using Addresses = std::vector<std::string>;

// Made at the first call.
Resolver& resolver_here() {
  Here& at = Here::current();
  if (!at.resolver) at.resolver = std::make_shared<Resolver>(at.reactor, at.resolver_options);
  return *static_cast<Resolver*>(at.resolver.get());
}

}  // namespace

LookupId resolve(std::string_view name, const LookupOptions& options,
                 Function<void(const Addresses&, std::string_view)> function) {
  auto call = [told = std::move(function)](const LookupAnswer& answer) {
    Addresses texts;
    for (const sys::Address& address : answer.addresses) texts.push_back(address.host());
    told(texts, answer.error);
  };
  return {resolver_here().lookup(name, options, std::move(call))};
}

LookupId resolve(std::string_view name, Function<void(const Addresses&, std::string_view)> function) {
  return resolve(name, LookupOptions(), std::move(function));
}

void cancel(LookupId lookup) {
  if (Here::current().resolver) resolver_here().cancel(lookup.value);
}

void set_resolver(ResolverOptions options) {
  OKLO_ASSERT(!Here::current().resolver && "set_resolver after resolve");
  Here::current().resolver_options = std::move(options);
}

}  // namespace oklo
