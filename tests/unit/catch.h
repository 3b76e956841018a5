// Catch2 v2 (Debian 12) or v3 (newer systems), the same macros either way.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include "catch_v3.h"
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
