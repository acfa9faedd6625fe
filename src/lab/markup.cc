#include "lab/markup.h"

#include <cmath>

#include "base/number.h"
#include "codec/url.h"

namespace oklo::lab {

std::string escaped(std::string_view text) {
  std::string out;
  codec::escape_html(out, text);
  return out;
}

std::string px(double value) {
  double whole = std::round(value);
  return std::abs(value - whole) < 0.05 ? fixed(whole, 0) : fixed(value, 1);
}

std::string svg_text(std::string_view css_class, double x, double y, std::string_view text) {
  return "<text class=\"" + std::string(css_class) + "\" x=\"" + px(x) + "\" y=\"" + px(y) + "\">" +
         escaped(text) + "</text>";
}

std::string svg_line(std::string_view css_class, double x1, double y1, double x2, double y2) {
  return "<path class=\"" + std::string(css_class) + "\" d=\"M" + px(x1) + " " + px(y1) + "L" + px(x2) + " " +
         px(y2) + "\"/>";
}

}  // namespace oklo::lab
