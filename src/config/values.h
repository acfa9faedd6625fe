#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/directive.h"

namespace oklo::config {

// What a directive takes, for a synopsis: "auto|N", "on|off", "SIZE"; empty where it takes nothing.
std::string argument_of(const Directive& directive);
// The same for an error: "auto or a number from 1 to 1024".
std::string wanted_by(const Directive& directive);

// The number that a word is for a directive which keeps one, in its limits.
std::optional<uint64_t> number_for(const Directive& directive, std::string_view word);
// What is wrong with a word for a directive which keeps a text; empty: nothing.
std::string text_fault(const Directive& directive, std::string_view word);

// A number or size of this directive as one writes it.
std::string number_text(const Directive& directive, uint64_t number);
// The least that it may be.
std::string least_text(const Directive& directive);
// What a Target has of it, as one writes it; empty where there is nothing.
std::string value_text(const Directive& directive, Target& target);
// What holds where the directive is not written.
std::string default_text(const Directive& directive);

// The word among the choices and the word for zero that is most like it; empty: none.
std::string_view nearest_choice(const Directive& directive, std::string_view word);

}  // namespace oklo::config
