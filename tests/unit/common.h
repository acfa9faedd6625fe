#pragma once

// What nearly every test includes. The Makefile has g++ read it once for all of them; each test includes what
// it uses all the same.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
