#pragma once

#include <string_view>

// What the picture and the page look like: style sheets.
namespace oklo::lab {

// Colours for light and dark as custom properties, and the classes of the plots (Chart).
extern const std::string_view kPlotStyle;
// Of the page alone.
extern const std::string_view kPageStyle;

}  // namespace oklo::lab
