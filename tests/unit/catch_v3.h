// Catch2 v3 with the one name of v2 that the tests use: Contains("…") is about substrings there, about ranges
// in v3.
#pragma once
#include <catch2/catch_all.hpp>

namespace Catch::Matchers {
inline auto Contains(const char* part) { return ContainsSubstring(part); }
inline auto Contains(const std::string& part) { return ContainsSubstring(part); }
inline auto Contains(std::string& part) { return ContainsSubstring(part); }
inline auto Contains(std::string&& part) { return ContainsSubstring(part); }
}  // namespace Catch::Matchers
