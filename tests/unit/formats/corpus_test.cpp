#include "formats/corpus.h"

#include <unistd.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;

namespace {

std::string all(const std::vector<std::string>& paths, CorpusOptions options = {}) {
  CorpusReader reader(paths, options);
  std::string out;
  Document d;
  while (reader.next(d)) out += d.id + "=" + d.text + (d.rest.empty() ? "" : " " + d.rest) + ";";
  CHECK(reader.digests().size() == reader.inputs().size());
  return out;
}

std::string message(const std::vector<std::string>& paths, ErrorKind kind, CorpusOptions options = {}) {
  const Error e = test::thrown_by<Error>([&] { all(paths, options); });
  CHECK(e.kind() == kind);
  return e.what();
}

}  // namespace

TEST_CASE("corpus: text by file, line and paragraph") {
  test::Scratch s;
  write_file(s.file("a.txt"), "\xEF\xBB\xBFone\ntwo\n\n \n\nthree\r\n");
  CHECK(all({s.file("a.txt")}) == "a.txt:1=one\ntwo\n\n \n\nthree\r\n;");
  CorpusOptions o;
  o.split = TextSplit::line;
  CHECK(all({s.file("a.txt")}, o) == "a.txt:1=one;a.txt:2=two;a.txt:3=three\r;");
  o.split = TextSplit::paragraph;
  CHECK(all({s.file("a.txt")}, o) == "a.txt:1=one\ntwo;a.txt:2=three\r;");
}

TEST_CASE("corpus: JSONL") {
  test::Scratch s;
  write_file(s.file("a.jsonl"), "\xEF\xBB\xBF{\"text\":\"x\",\"id\":\"i\"}\n\n  \n{\"text\":\"y\",\"z\":[]}");
  CHECK(all({s.file("a.jsonl")}) == "i=x;a.jsonl:2=y \"z\":[];");
  write_file(s.file("b.jsonl"), "{\"text\":\"x\"}\n\n{\"text\":3}\n");
  CHECK(message({s.file("b.jsonl")}, ErrorKind::data)
            .find("b.jsonl: line 3: byte 9: field \"text\" is not a string") != std::string::npos);
}

TEST_CASE("corpus: CSV and TSV") {
  test::Scratch s;
  write_file(s.file("a.csv"), "\xEF\xBB\xBFid,text,n\n7,\"a,\nb\",1\n,c,\n");
  CHECK(all({s.file("a.csv")}) == "7=a,\nb \"n\":\"1\";a.csv:2=c \"n\":\"\";");
  write_file(s.file("b.tsv"), "key\tbody\ttext\nk\tv\told\n");
  CorpusOptions o;
  o.fields = {"body", "key"};
  CHECK(all({s.file("b.tsv")}, o) == "k=v \"text_original\":\"old\";");
  CHECK(message({s.file("b.tsv")}, ErrorKind::data, {{"nope", "id"}})
            .find("no column \"nope\" in the header (there is key, body, text)") != std::string::npos);
  write_file(s.file("c.csv"), "text,n\na,1\nb\n");
  CHECK(message({s.file("c.csv")}, ErrorKind::data)
            .find("c.csv: line 3: the record has 1 fields, the header has 2") != std::string::npos);
}

TEST_CASE("corpus: folders, packed files, names") {
  test::Scratch s;
  make_folders(s.file("d/sub/.hidden"));
  make_folders(s.file("empty"));
  write_file(s.file("d/b.txt"), "B");
  write_file(s.file("d/sub/a.jsonl"), "{\"text\":\"A\"}");
  write_file(s.file("d/.skip.txt"), "no");
  write_file(s.file("d/sub/.hidden/x.txt"), "no");
  write_file(s.file("d/image.png"), "no");
  write_file(s.file("b.txt"), "other");
  gzFile z = gzopen(s.file("d/c.md.gz").c_str(), "wb");
  gzwrite(z, "C", 1);
  gzclose(z);
  REQUIRE(symlink(s.path().c_str(), s.file("d/loop").c_str()) == 0);
  CHECK(all({s.file("d"), s.file("b.txt")}) == "b.txt:1=B;c.md:1=C;sub/a.jsonl:1=A;b.txt#2:1=other;");
  CHECK(message({s.file("empty")}, ErrorKind::data).find("empty: the folder holds no readable files") !=
        std::string::npos);
  CHECK(message({s.file("missing")}, ErrorKind::io).find("missing: no such file") != std::string::npos);
  CorpusOptions o;
  o.format = CorpusFormat::text;
  write_file(s.file("data.bin"), "{\"text\":\"raw\"}");
  CHECK(all({s.file("data.bin")}, o) == "data.bin:1={\"text\":\"raw\"};");
}

TEST_CASE("corpus: limits and UTF-16") {
  test::Scratch s;
  CorpusOptions o;
  o.max_record = 1000;
  write_file(s.file("a.txt"), std::string(2000, 'x'));
  CHECK(message({s.file("a.txt")}, ErrorKind::data, o).find("a.txt: the file has more than 1000 bytes") !=
        std::string::npos);
  o.split = TextSplit::line;
  message({s.file("a.txt")}, ErrorKind::data, o);
  o.split = TextSplit::paragraph;
  write_file(s.file("b.txt"), "a\n" + std::string(900, 'x') + "\n" + std::string(900, 'y'));
  CHECK(message({s.file("b.txt")}, ErrorKind::data, o)
            .find("b.txt: line 1: the paragraph has more than 1000 bytes") != std::string::npos);
  write_file(s.file("c.txt"), std::string("\xFF\xFEx\0", 4));
  CHECK(message({s.file("c.txt")}, ErrorKind::data).find("UTF-16") != std::string::npos);
}
