// What templates render was stored from Jinja2 (testdata/chat, written by tests/parity/chat_parity.py):
// random templates over one context. Here too: errors and their places, limits, hostile templates, where text
// is from.
#include "tokenizer/jinja_template.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "scratch.h"

namespace ds {
namespace {

using namespace tokenizer;
using jinja::Dict;
using jinja::Value;

Value json_value(const std::string& text, bool foreign = false) {
  return jinja::from_json(text, foreign, nullptr);
}

Rendered rendered(const std::string& source, const std::string& context = "{}",
                  const RenderOptions& options = {}) {
  return JinjaTemplate(source, "t.jinja").render(json_value(context, true).dict(), options);
}
std::string text(const std::string& source, const std::string& context = "{}") {
  return rendered(source, context).text;
}
Error error(const std::string& source, const RenderOptions& options = {}) {
  return test::thrown_by<Error>([&] { rendered(source, "{}", options); });
}

RenderOptions small() {
  RenderOptions o;
  o.limits.steps = 200000;
  o.limits.memory = 4 << 20;
  o.limits.output = 1 << 20;
  return o;
}

}  // namespace

TEST_CASE("templates render what Jinja2 renders") {
  const std::string lines = read_file(DS_TESTDATA "/chat/templates.jsonl");
  Value context;
  size_t begin = 0, cases = 0;
  while (begin < lines.size()) {
    const size_t end = lines.find('\n', begin);
    const nlohmann::json one = nlohmann::json::parse(lines.substr(begin, end - begin));
    const Value kept = json_value(lines.substr(begin, end - begin));
    begin = end + 1;
    if (one.contains("context")) {
      context = *kept.dict().find("context");
      continue;
    }
    const std::string source = one["template"];
    INFO(source);
    ++cases;
    if (one.contains("error")) {
      CHECK(test::thrown_by<Error>([&] { JinjaTemplate(source, "t").render(context.dict()); }).kind() ==
            ErrorKind::data);
      continue;
    }
    const Rendered r = JinjaTemplate(source, "t").render(context.dict());
    CHECK(r.text == one["text"].get<std::string>());
    nlohmann::json ranges = nlohmann::json::array();
    for (const IndexRange& g : r.generated) ranges.push_back({g.begin, g.end});
    CHECK(ranges == one["ranges"]);
  }
  CHECK(cases == 300);
}

TEST_CASE("small things that published templates rely on") {
  struct {
    const char *source, *expected;
  } const cases[] = {
      {"a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc"},
      {"{%- if x is defined and x -%} no {%- else -%} yes {%- endif -%}", "yes"},
      {"{% set ns = namespace(a=1) %}{% for i in range(3) %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}",
       "4"},
      {"{% for i in [1,2,3] %}{% set v = i %}{% endfor %}{{ v }}|", "|"},
      {"{{ {'b': [1, 2.5, None, True], 'a': 'x\\'y\"é'} }}", "{'b': [1, 2.5, None, True], 'a': 'x\\'y\"é'}"},
      {"{{ {'b': [1, 2.0], 'é': '<\\n>'} | tojson }}", "{\"b\": [1, 2.0], \"é\": \"<\\n>\"}"},
      {"{{ [] | tojson(indent=2) }}{{ [1, {}] | tojson(indent=2) }}", "[][\n  1,\n  {}\n]"},
      {"{% macro m(a, b=2) %}{{ a }}{{ b }}{{ caller() if caller }}{% endmacro %}{{ m(1) }}{% call m(3, b=4) "
       "%}!{% endcall %}",
       "1234!"},
      {"{{ 'a,b,,c'.split(',')[-1] }}{{ ' a b '.split() }}{{ 'x'.strip() ~ 1 ~ none }}", "c['a', 'b']x1None"},
      {"{{ 'Weird%s %d' % ('o', 3) }} {{ '{:>4}'.format('ab') }}", "Weirdo 3   ab"},
      {"{% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}{{ v }}{{ ', ' if not loop.last }}{% endfor %}",
       "a2, b1"},
      {"{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.1 + 0.2 }}",
       "-4 2 3.5 1024 1e+16 1e-05 0.30000000000000004"},
      {"{{ 'é😀x'[1] }}{{ 'é😀x'[::-1] }}{{ 'é😀x' | length }}{{ 'straße' | upper }}{{ 'ΑΣ' | lower }}",
       "😀x😀é3STRASSEας"},
      {"{{ ('<' ~ '&') }}{{ '<' + ('b' | safe) }}", "<&&lt;b"},
      {"{% set x %}a{% set y = 1 %}{% endset %}{{ x }}{{ y }}|{{ [1, 2] | map('string') | join('-') }}",
       "a|1-2"},
      {"{{ not x.y if x else 'none' }}{{ 3 in [1, 2, 3] and 'a' not in 'bc' }}{{ 1 < 2 < 3 }}",
       "noneTrueTrue"},
      {"{% for x in [1,2,3,4] if x % 2 == 0 %}{{ loop.index }}{{ x }}{{ loop.length }}{% else %}none{% "
       "endfor %}",
       "122242"},
      {"{% raw %}{{ x }}{% endraw %}{# gone #}{{ '%}' }}", "{{ x }}%}"},
      {"{{ strftime_now('%d %b %Y') }}", "26 Jul 2026"},
  };
  RenderOptions options;
  options.now = std::tm{};
  options.now->tm_year = 126;
  options.now->tm_mon = 6;
  options.now->tm_mday = 26;
  for (const auto& c : cases) {
    INFO(c.source);
    CHECK(rendered(c.source, "{}", options).text == c.expected);
  }
}

TEST_CASE("a dict's keys and items are sets, its values are not") {
  const std::string d = R"({"d": {"a": 1, "b": [2]}, "e": {"b": [2], "a": 1}})";
  CHECK(text("{{ d.keys() == d.keys() }} {{ d.keys() != e.keys() }} {{ d.keys() == e.items() }}", d) ==
        "True False False");
  CHECK(text("{{ d.items() == e.items() }} {{ d.values() == d.values() }} {{ {}.keys() == {}.items() }}",
             d) == "True False True");
  CHECK(
      text("{{ 'a' in d.keys() }} {{ ('a', 1) in d.items() }} {{ 'a' in d.items() }} {{ [1] in d.items() }}",
           d) == "True True False False");
  CHECK(std::string(error("{{ [] in {'a': 1}.keys() }}").what()).find("unhashable") != std::string::npos);
  CHECK(std::string(error("{{ ([], 1) in {'a': 1}.items() }}").what()).find("unhashable") !=
        std::string::npos);
}

TEST_CASE("errors are data errors that name template, line and what is wrong") {
  struct {
    const char *source, *part;
  } const cases[] = {
      {"a\n{{ x", "t.jinja: line 2: a tag that does not end"},
      {"{% if x %}\n\nb", "line 3: the template ends without {% endif %}"},
      {"\n{% include 'x' %}", "line 2: {% include %} is not supported"},
      {"{% frob %}", "unknown tag {% frob %}"},
      {"{{ x | frobnicate }}", "no filter named 'frobnicate'"},
      {"{{ 1 +\n }}", "expected an expression, found '}}'"},
      {"\n\n{{ raise_exception('roles must alternate') }}", "line 3: roles must alternate"},
      {"{{ nothing.x }}", "'nothing' is undefined"},
      {"{% set d = {} %}\n{{ d.x.y }}", "line 2: 'dict object' has no attribute 'x'"},
      {"{{ 'a' + 1 }}", "'+' between str and int"},
      {"{{ 9223372036854775807 + 1 }}", "beyond 64 bits"},
      {"{{ 99999999999999999999 }}", "beyond 64 bits"},
      {"{% set l = [] %}{{ l.append(1) }}", "list.append() changes its object"},
      {"{% for x in y recursive %}{% endfor %}", "recursive loops are not supported"},
      {"{{ ''.__class__.__mro__ }}", "has no attribute '__class__'"},
      {"{{ range(1000000) }}", "more than 100000"},
      {"{{ [1] | map('nope') | list }}", "no filter named 'nope'"},
      {"{{ 'abc'.encode() }}", "str.encode() is not supported"},
      {"{{ {[1]: 2} }}", "unhashable"},
      {"\xff", "not UTF-8"},
  };
  for (const auto& c : cases) {
    INFO(c.source);
    const Error e = error(c.source);
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(std::string(e.what()), Catch::Matchers::Contains(c.part));
  }
  CHECK(text("{% if false %}{{ x | from_json }}{% endif %}").empty());  // never reached, as in Jinja2
}

TEST_CASE("time, memory and output are bounded") {
  const char* const hostile[] = {
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
      "{{ 'x' * 99999999999 }}",
      "{{ [1] * 99999999999 }}",
      "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
      "{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ "
      "ns.s }}",
      "{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ "
      "ns.s | tojson }}",
      "{% set ns = namespace(s=[1]) %}{% for a in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(a) %}{{ m(a) }}{% endmacro %}{% set x %}{{ m(1) }}{% endset %}",
      "{{ 'abc'.replace('', 'x' * 999999) }}",
      "{{ 'a'.center(999999999) }}{{ 'a' | center(99999999) }}",
      "{{ '%999999999d' % 1 }}",
      "{{ ('a ' * 99999).split() | join('b' * 99999) }}",
      "{{ ('a\\n' * 99999) | indent(99999) }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
      "{{ range(99999) | batch(1) | map('string') | map('list') | list | tojson }}{{ 'y' * 999999 }}{{ 'y' * "
      "999999 }}",
  };
  for (const char* source : hostile) {
    INFO(source);
    CHECK(error(source, small()).kind() == ErrorKind::data);
  }
}

TEST_CASE("long chains are no deep recursion, deep nesting is refused") {
  std::string sum = "{{ 0", filters = "{{ ' x '", parts = "{{ x", tests = "{{ 1";
  for (int i = 0; i < 20000; ++i) {
    sum += " + 1";
    filters += "|trim";
    parts += ".x";
    tests += i % 2 ? " and 1" : " or 0";
  }
  CHECK(text(sum + " }}") == "20000");
  CHECK(text(filters + " }}") == "x");
  CHECK(error(parts + " }}").kind() == ErrorKind::data);
  CHECK(text(tests + " }}") == "1");
  std::string branches = "{% if 0 %}";
  for (int i = 0; i < 20000; ++i) branches += "{% elif 0 %}";
  CHECK(text(branches + "{% else %}x{% endif %}") == "x");
  for (const auto& [open, close] :
       {std::pair{"(", ")"}, {"[", "]"}, {"-", ""}, {"{1:", "}"}, {"f(", ")"}, {"1 if ", ""}}) {
    std::string deep = "{{ ";
    for (int i = 0; i < 50000; ++i) deep += open;
    deep += "1";
    for (int i = 0; i < 50000; ++i) deep += close;
    CHECK_THAT(std::string(error(deep + " }}").what()), Catch::Matchers::Contains("deep"));
  }
  std::string blocks;
  for (int i = 0; i < 50000; ++i) blocks += "{% if 1 %}";
  CHECK_THAT(std::string(error(blocks).what()), Catch::Matchers::Contains("deep"));
  // Values that hold each other are let go without recursion.
  CHECK(text("{% set ns = namespace(l=1, m=1) %}{% for i in range(50000) %}{% macro m() %}{% endmacro %}{% "
             "set o = ns.m %}"
             "{% set ns.m = m %}{% endfor %}ok") == "ok");
  CHECK(text("{% set ns = namespace(l=1) %}{% for i in range(20000) %}{% for x in [ns.l] %}{% set ns.l = "
             "loop %}{% endfor %}"
             "{% endfor %}ok") == "ok");
}

TEST_CASE("what comes from outside the template is known in the text") {
  const auto foreign = [](const std::string& source, const std::string& context) {
    const Rendered r = rendered(source, context);
    std::string marked = r.text;
    for (size_t i = r.foreign.size(); i-- > 0;) {
      marked.insert(r.foreign[i].end, "]");
      marked.insert(r.foreign[i].begin, "[");
    }
    return marked;
  };
  const std::string c = R"({"a":"user","s":" x,y ","d":{"k":"v","n":1},"l":["p","q"]})";
  CHECK(foreign("<{{ a }}>", c) == "<[user]>");
  CHECK(foreign("{{ '<' + a + '|' ~ a ~ '>' }}", c) == "<[user]|[user]>");
  CHECK(foreign("{{ ('<' + a + '>')[1:3] }}{{ s.strip() }}{{ s.split(',')[1] | trim }}", c) == "[usx,yy]");
  CHECK(foreign("{{ l | join('-') }} {{ 'P' if a else a }} {{ d.n }} {{ 3 }}", c) == "[p]-[q] P 1 3");
  CHECK(foreign("{{ d }} {{ d | tojson }}", c) == "{['k']: ['v'], ['n']: 1} {[\"k\"]: [\"v\"], [\"n\"]: 1}");
  CHECK(foreign("{% set x %}<{{ a }}>{% endset %}{% macro m(t) %}({{ t }}){% endmacro %}{{ m(x) }}", c) ==
        "(<[user]>)");
  CHECK(foreign("{{ ('<' + a) | upper }}{{ 'a-b'.replace('-', a) }}", c) == "[<USER]a[user]b");
  CHECK(foreign("{{ '%s!' % a }}{{ '{}?'.format(a) }}", c) == "[user]![user]?");
}

TEST_CASE("generation blocks are told in characters") {
  const Rendered r = rendered(
      "é{% generation %}ab{% endgeneration %}😀{% generation %}{% endgeneration %}"
      "{% for i in [1, 2] %}{% generation %}ü{{ i }}{% endgeneration %}{% endfor %}");
  CHECK(r.text == "éab😀ü1ü2");
  CHECK(r.generated == std::vector<IndexRange>{{1, 3}, {4, 4}, {4, 6}, {6, 8}});
}

TEST_CASE("JSON: order kept, last of equal names counts, damage is told with its place") {
  CHECK(text("{{ d | tojson }}", R"({"d":{"b":1,"a":2,"b":3}})") == R"({"b": 3, "a": 2})");
  std::string many = "{\"d\":{";
  for (int i = 0; i < 5000; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + std::to_string(i);
  CHECK(text("{{ d['4999'] }}{{ d.get('x', 'none') }}{{ d | length }}", many + "}}") == "4999none5000");
  for (const char* bad : {"{", "[1,]", "{\"a\":99999999999999999999}", "nul"})
    CHECK_THROWS_AS(json_value(bad), jinja::Failure);
  CHECK_THROWS_AS(json_value(std::string(100000, '[')), jinja::Failure);
  CHECK(jinja::real_text(1e22) == "1e+22");
  CHECK(jinja::real_text(123456789.125) == "123456789.125");
  CHECK(jinja::real_text(-0.0) == "-0.0");
  CHECK(jinja::real_text(5e-324) == "5e-324");
}

}  // namespace ds
