// Metrics: lines that survive a crash once, and event files byte by byte.
#include "formats/metrics.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const char* digits = "0123456789abcdef";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[c & 15];
  }
  return out;
}

void put_file(const std::string& path, std::string_view bytes) {  // without the cost of a sync
  Fd fd = open_create(path);
  write_all(fd.get(), bytes, path);
  fd.close(path);
}

}  // namespace

TEST_CASE("metrics: steps done again after a crash appear once") {
  const test::Scratch scratch;
  const std::string path = scratch.file("metrics.jsonl");
  {
    MetricsLog log(path, -1);
    for (int step = 1; step <= 10; ++step) log.append({{"step", step}, {"loss", 1.0 / step}});
    log.append({{"step", 10}, {"val_loss", 0.5}});
  }
  const std::string ten = read_file(path);
  for (size_t cut = 0; cut <= ten.size(); cut += 3) {  // killed while writing any byte
    for (const int resume : {0, 4, 10}) {
      put_file(path, ten.substr(0, cut));
      MetricsLog log(path, resume);
      const auto kept = read_metrics(path);
      for (int step = resume + 1; step <= 10; ++step) log.append({{"step", step}, {"loss", 1.0 / step}});
      const auto lines = read_metrics(path);
      REQUIRE(lines.size() == kept.size() + static_cast<size_t>(10 - resume));
      for (size_t i = 0; i < kept.size(); ++i) REQUIRE(lines[i].at("step").get<int>() <= resume);
      int last = 0;
      for (const auto& line : lines) {
        if (!line.contains("loss")) continue;
        REQUIRE(line.at("step").get<int>() > last);  // each once, ascending
        last = line.at("step").get<int>();
      }
    }
  }
}

TEST_CASE("metrics: lines that are none are dropped, others are kept as they are") {
  const test::Scratch scratch;
  const std::string path = scratch.file("metrics.jsonl");
  write_file(
      path,
      "{\"note\": \"no step\"}\n{\"step\": 1,  \"loss\": 2}\n\nnonsense\n[1]\n{\"step\": 2}\n{\"step\": 3");
  {
    MetricsLog log(path, 2);
  }
  CHECK(read_file(path) == "{\"note\": \"no step\"}\n{\"step\": 1,  \"loss\": 2}\n{\"step\": 2}\n");
  {
    MetricsLog log(path, -1);
  }
  CHECK(read_file(path) == "{\"note\": \"no step\"}\n");
  CHECK_THROWS_AS(MetricsLog(scratch.file("no/metrics.jsonl"), 0), Error);
  MetricsLog log(path, -1);
  log.append({{"step", 1}, {"loss", std::numeric_limits<double>::quiet_NaN()}});
  CHECK(read_metrics(path).back().at("loss").is_null());
}

TEST_CASE("metrics: event records byte by byte") {
  // tensorboard.compat.proto.event_pb2.Event(...).SerializeToString(), framed by tensorboard's RecordWriter
  CHECK(hex(event_version(1.5)) == "09000000000000f83f1a0d627261696e2e4576656e743a32");
  CHECK(hex(event_restart(2.0, 8)) == "09000000000000004010083a020801");
  CHECK(hex(event_scalars(3.0, 300, {{"loss", 2.5f}, {"lr", 0.0f}})) ==
        "09000000000000084010ac022a180a0b0a046c6f737315000020400a090a026c721500000000");
  CHECK(hex(tfrecord(event_version(1.5))) ==
        "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
}

TEST_CASE("metrics: every opening has an event file of its own") {
  const test::Scratch scratch;
  std::string first, second;
  {
    EventWriter writer(scratch.path(), 1700000000.25);
    writer.scalars(1, 1700000001.0, {{"loss", 1.0f}});
    first = writer.path();
  }
  {
    EventWriter writer(scratch.path(), 1700000000.5, 1);
    second = writer.path();
  }
  CHECK(base_name(first) == "events.out.tfevents.1700000000.ds-tools");
  CHECK(base_name(second) == "events.out.tfevents.1700000001.ds-tools");
  CHECK(read_file(first) ==
        tfrecord(event_version(1700000000.25)) + tfrecord(event_scalars(1700000001.0, 1, {{"loss", 1.0f}})));
  CHECK(read_file(second) ==
        tfrecord(event_version(1700000000.5)) + tfrecord(event_restart(1700000000.5, 2)));
}
