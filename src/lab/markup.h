#pragma once

#include <string>
#include <string_view>

// Small pieces of HTML and SVG.
namespace oklo::lab {

// Text in which nothing is markup: between tags and in values of attributes.
std::string escaped(std::string_view text);

// A coordinate, with one digit behind the point at most.
std::string px(double value);

// <text class="CLASS" x="X" y="Y">TEXT</text>; the class may also say where its anchor is.
std::string svg_text(std::string_view css_class, double x, double y, std::string_view text);
// A straight line that is level or upright.
std::string svg_line(std::string_view css_class, double x1, double y1, double x2, double y2);

}  // namespace oklo::lab
