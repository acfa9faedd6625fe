#pragma once

#include "lab/figures.h"
#include "lab/interrupts.h"
#include "models/model.h"

namespace oklo::lab {

// Puts the load on a model that is started anew, for so long; the load comes from a chamber of its own.
LoadFigures measure_load(Interrupts& interrupts, const models::Model& model, Load load, double seconds);

}  // namespace oklo::lab
