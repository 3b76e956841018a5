// Packing plans on disk: round trip, and every way a file can lie.
#include "formats/pack_plan.h"

#include <cstring>

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;

namespace {

PackPlan small() {
  PackPlan plan;
  plan.row = 8;
  plan.dataset_tokens = 20;
  plan.pieces = {{0, 5}, {5, 3}, {8, 8}, {16, 4}};
  plan.first_piece = {0, 2, 3, 4};
  return plan;
}

std::string problem_of(const std::string& bytes, const std::string& path) {
  Fd fd = open_create(path);
  write_all(fd.get(), bytes, path);
  fd.close(path);
  try {
    const PackPlanFile file(path);
    return "";
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    return e.what();
  }
}

}  // namespace

TEST_CASE("pack plan: what was written is read") {
  test::Scratch scratch;
  const std::string path = scratch.file("a.pack");
  PackPlan plan = small();
  plan.crosses_documents = true;
  write_pack_plan(path, plan);
  const PackPlanFile file(path);
  CHECK(file.row() == 8);
  CHECK(file.rows() == 3);
  CHECK(file.dataset_tokens() == 20);
  CHECK(file.crosses_documents());
  REQUIRE(file.pieces(0).size() == 2);
  CHECK(file.pieces(0)[1].begin == 5);
  CHECK(file.pieces(0)[1].tokens == 3);
  CHECK(file.pieces(2)[0].begin == 16);
}

TEST_CASE("pack plan: a damaged file is a data error") {
  test::Scratch scratch;
  const std::string path = scratch.file("a.pack");
  write_pack_plan(path, small());
  const std::string good = read_file(path);
  for (size_t n = 0; n < good.size(); ++n) CHECK(problem_of(good.substr(0, n), path) != "");
  CHECK(problem_of(good + "x", path) != "");
  const auto with = [&](size_t at, uint64_t value) {
    std::string bytes = good;
    std::memcpy(bytes.data() + at, &value, 8);
    return problem_of(bytes, path);
  };
  CHECK(with(0, 1) != "");
  CHECK(with(8, 7).find("row 0 holds over 7 tokens") != std::string::npos);
  CHECK(with(16, 19).find("row 2: tokens 16 + 4 of 19") != std::string::npos);
  CHECK(with(24, UINT64_MAX) != "");
  CHECK(with(32, UINT64_MAX / 16 + 1) != "");
  CHECK(with(40, 1) != "");
  CHECK(with(48, 9) != "");
  CHECK(with(48, 0).find("row 0 is empty") != std::string::npos);
  CHECK(with(72, UINT64_MAX) != "");
}
