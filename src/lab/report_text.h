#pragma once

#include <string>

#include "lab/figures.h"

namespace oklo::lab {

// The report for a terminal, at most 110 characters wide: a table for each load, one of what was measured
// once for each model, and the experiments.
std::string report_text(const Report& report);

// "1 connection", "1,000 connections".
std::string connections_text(unsigned connections);

// "10 busy, 1 slow, 89 idle".
std::string describe(const Load& load);

// The load that tells best how accepts fall on workers: of those that were taken the one with the most busy
// connections. nullptr: there is none with enough of them.
const LoadFigures* spread_of(const ModelFigures& model);

// "4 of 1,000 served", of the largest load that was taken; empty when all who asked were answered.
std::string unserved_text(const ModelFigures& model);

// Percent for each worker, as "26 24 25 25 %"; in words where there are too many.
std::string spread_text(const Shares& shares);

// One cell: the figure as `format` writes it, or a dash.
template <class Format>
std::string cell_of(const Figure& figure, Format format) {
  return figure.taken() ? format(figure.value) : "–";
}

}  // namespace oklo::lab
