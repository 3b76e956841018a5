#include "tokenizer/jinja_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "tokenizer/jinja_text.h"

namespace ds::tokenizer::jinja {

void Meter::step(uint64_t n) {
  steps_ += n;
  if (steps_ > limits_.steps)
    throw Failure{fmt::format("the template takes more than {} steps", limits_.steps)};
}

void Meter::take(size_t bytes) {
  if (bytes > limits_.memory || bytes_ > limits_.memory - bytes)
    throw Failure{fmt::format("the template needs more than {} MiB of memory", limits_.memory >> 20)};
  bytes_ += bytes;
}

void Chars::add(std::string_view more, bool is_foreign) {
  if (more.empty()) return;
  const size_t at = bytes.size();
  bytes += more;
  if (!is_foreign) return;
  if (!foreign.empty() && foreign.back().end == at)
    foreign.back().end = bytes.size();
  else
    foreign.push_back({at, bytes.size()});
}

void Chars::add(const Chars& more, size_t begin, size_t end) {
  const size_t at = bytes.size();
  bytes.append(more.bytes, begin, end - begin);
  auto span = std::lower_bound(more.foreign.begin(), more.foreign.end(), begin,
                               [](const Span& s, size_t b) { return s.end <= b; });
  for (; span != more.foreign.end() && span->begin < end; ++span) {
    const size_t b = at + std::max(span->begin, begin) - begin, e = at + std::min(span->end, end) - begin;
    if (!foreign.empty() && foreign.back().end == b)
      foreign.back().end = e;
    else
      foreign.push_back({b, e});
  }
}

void Chars::taint() {
  foreign.clear();
  if (!bytes.empty()) foreign.push_back({0, bytes.size()});
}

Text::Text(Meter* m, Chars c)
    : Object(m, c.bytes.capacity() + c.foreign.size() * sizeof(Span)),
      chars(std::move(c)),
      ascii(ascii_prefix(chars.bytes) == chars.bytes.size()) {
  if (m) m->step(chars.bytes.size() / 64);
}

List::List(Meter* m, std::vector<Value> all)
    : Object(m, sizeof(List) + all.size() * sizeof(Value)), items(std::move(all)), depth(1) {
  for (const Value& v : items) depth = std::max(depth, depth_of(v) + 1);
  if (depth > kMaxDepth) throw Failure{fmt::format("values nested more than {} deep", kMaxDepth)};
}

Value Value::undefined(std::string hint) {
  Value v;
  v.object_ = std::make_shared<Hint>(std::move(hint));
  return v;
}

Value Value::text(Meter* meter, Chars chars) {
  return object(Kind::text, std::make_shared<Text>(meter, std::move(chars)));
}

Value Value::sequence(Meter* meter, Kind kind, std::vector<Value> items) {
  return object(kind, std::make_shared<List>(meter, std::move(items)));
}

const Chars& Value::chars() const { return static_cast<const Text&>(*object_).chars; }
bool Value::ascii() const { return static_cast<const Text&>(*object_).ascii; }
const std::vector<Value>& Value::items() const { return static_cast<const List&>(*object_).items; }
const Dict& Value::dict() const { return static_cast<const Dict&>(*object_); }

const std::string& Value::hint() const {
  static const std::string unnamed = "the value is undefined";
  return object_ ? static_cast<const Hint&>(*object_).message : unnamed;
}

int64_t Range::size() const {
  // Unsigned, because the ends may be 2^64 apart.
  if (step > 0 && start < stop)
    return static_cast<int64_t>(
        (static_cast<uint64_t>(stop) - static_cast<uint64_t>(start) - 1) / static_cast<uint64_t>(step) + 1);
  if (step < 0 && start > stop)
    return static_cast<int64_t>((static_cast<uint64_t>(start) - static_cast<uint64_t>(stop) - 1) /
                                    (0 - static_cast<uint64_t>(step)) +
                                1);
  return 0;
}

namespace {

void check_key(const Value& v) {
  if (v.is(Kind::list) || v.is(Kind::dict) || v.is(Kind::view))
    throw Failure{fmt::format("unhashable type: '{}'", type_name(v))};
  if (!v.is(Kind::tuple)) return;
  for (const Value& item : v.items())
    if (depth_of(item) > 0) throw Failure{"a key of lists or tuples is not supported"};
}

// Keys are compared with a meter of their own: those that are not text are few and small.
bool same_key(const Value& a, const Value& b) {
  if (a.is_text() || b.is_text()) return a.is_text() && b.is_text() && a.chars().bytes == b.chars().bytes;
  Meter meter({});
  return equal(a, b, meter);
}

constexpr size_t kFew = 8;           // entries up to which looking at each is as fast
constexpr size_t kMostOthers = 256;  // keys that are not text

}  // namespace

size_t Dict::place(const Value& key) const {
  if (entries.size() > kFew && key.is_text()) {
    const auto at = index_.find(key.chars().bytes);
    return at == index_.end() ? entries.size() : at->second;
  }
  if (entries.size() > kFew && others_ == 0) return entries.size();
  for (size_t i = 0; i < entries.size(); ++i)
    if (same_key(entries[i].first, key)) return i;
  return entries.size();
}

const Value* Dict::find(const Value& key) const {
  check_key(key);
  const size_t i = place(key);
  return i < entries.size() ? &entries[i].second : nullptr;
}

const Value* Dict::find(std::string_view key) const {
  if (entries.size() > kFew) {
    const auto at = index_.find(key);
    return at == index_.end() ? nullptr : &entries[at->second].second;
  }
  for (const auto& [k, v] : entries)
    if (k.is_text() && k.chars().bytes == key) return &v;
  return nullptr;
}

void Dict::set(const Value& key, Value value) {
  check_key(key);
  const size_t i = place(key);
  depth = std::max({depth, depth_of(value) + 1, depth_of(key) + 1});
  if (depth > kMaxDepth) throw Failure{fmt::format("values nested more than {} deep", kMaxDepth)};
  if (i < entries.size()) {
    entries[i].second = std::move(value);
    return;
  }
  others_ += !key.is_text();
  if (others_ > kMostOthers)
    throw Failure{fmt::format("a dict with more than {} keys that are not text", kMostOthers)};
  charge.grow(2 * sizeof(Value) + (entries.size() >= kFew ? 64 : 0));
  entries.emplace_back(key, std::move(value));
  if (entries.size() <= kFew) return;
  // The views stay good: text is held by the entry's shared object, which does not move.
  for (size_t k = index_.empty() ? 0 : entries.size() - 1; k < entries.size(); ++k)
    if (entries[k].first.is_text()) index_.emplace(entries[k].first.chars().bytes, k);
}

void Dict::clear() {
  index_.clear();
  entries.clear();
  others_ = 0;
}

int depth_of(const Value& v) {
  switch (v.kind()) {
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
    case Kind::iterator:
      return static_cast<const List&>(*v.raw()).depth;
    case Kind::dict:
      return v.dict().depth;
    case Kind::method:
      return depth_of(static_cast<const Method&>(*v.raw()).self) + 1;
    default:
      return 0;
  }
}

std::string_view type_name(const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "NoneType";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::text:
      return "str";
    case Kind::list:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::dict:
      return "dict";
    case Kind::view:
      return static_cast<const List&>(*v.raw()).label;
    case Kind::iterator:
      return "generator";
    case Kind::range:
      return "range";
    case Kind::space:
      return "Namespace";
    case Kind::loop:
      return "LoopContext";
    case Kind::macro:
      return "Macro";
    case Kind::function:
      return "function";
    case Kind::method:
      return "method";
  }
  return "object";
}

bool truth(const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
    case Kind::integer:
      return v.whole() != 0;
    case Kind::real:
      return v.number() != 0;
    case Kind::text:
      return !v.chars().bytes.empty();
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
      return !v.items().empty();
    case Kind::dict:
      return !v.dict().entries.empty();
    case Kind::range:
      return static_cast<const Range&>(*v.raw()).size() != 0;
    default:
      return true;
  }
}

int64_t length(const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
      return 0;
    case Kind::text:
      return static_cast<int64_t>(v.ascii() ? v.chars().bytes.size() : count_chars(v.chars().bytes));
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
      return static_cast<int64_t>(v.items().size());
    case Kind::dict:
      return static_cast<int64_t>(v.dict().entries.size());
    case Kind::range:
      return static_cast<const Range&>(*v.raw()).size();
    default:
      throw Failure{fmt::format("object of type '{}' has no length", type_name(v))};
  }
}

std::vector<Value> elements(const Value& v, Meter& meter) {
  std::vector<Value> all;
  switch (v.kind()) {
    case Kind::undefined:
      return all;
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
      all = v.items();
      break;
    case Kind::iterator: {
      auto& list = static_cast<List&>(*v.raw());
      all.assign(list.items.begin() + static_cast<ptrdiff_t>(list.next), list.items.end());
      list.next = list.items.size();
      break;
    }
    case Kind::dict:
      for (const auto& entry : v.dict().entries) all.push_back(entry.first);
      break;
    case Kind::range: {
      const auto& r = static_cast<const Range&>(*v.raw());
      const int64_t n = r.size();
      meter.step(static_cast<uint64_t>(n));
      for (int64_t i = 0; i < n; ++i) all.push_back(Value::integer(r.start + i * r.step));
      break;
    }
    case Kind::text: {
      const Chars& c = v.chars();
      meter.step(c.bytes.size());
      for (size_t at = 0; at < c.bytes.size();) {
        const size_t next = at + char_size(c.bytes[at]);
        Chars one = part(c, at, next);
        one.safe = false;  // as iterating over Markup gives str
        all.push_back(Value::text(&meter, std::move(one)));
        at = next;
      }
      return all;
    }
    default:
      throw Failure{fmt::format("'{}' object is not iterable", type_name(v))};
  }
  meter.step(all.size() / 8);
  return all;
}

bool equal(const Value& a, const Value& b, Meter& meter) {
  meter.step();
  if (a.is_number() && b.is_number()) {
    if (a.is_whole() && b.is_whole()) return a.whole() == b.whole();
    // A float is compared with an int exactly.
    if (a.is_whole() != b.is_whole()) {
      const double d = a.is_whole() ? b.number() : a.number();
      const int64_t i = a.is_whole() ? a.whole() : b.whole();
      return d >= -9223372036854775808.0 && d < 9223372036854775808.0 && std::trunc(d) == d &&
             static_cast<int64_t>(d) == i;
    }
    return a.number() == b.number();
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::undefined:
    case Kind::none:
      return true;
    case Kind::text:
      meter.step(std::min(a.chars().bytes.size(), b.chars().bytes.size()) / 64);
      return a.chars().bytes == b.chars().bytes;
    case Kind::list:
    case Kind::tuple: {
      const auto &x = a.items(), &y = b.items();
      if (x.size() != y.size()) return false;
      for (size_t i = 0; i < x.size(); ++i)
        if (!equal(x[i], y[i], meter)) return false;
      return true;
    }
    case Kind::dict: {
      const Dict &x = a.dict(), &y = b.dict();
      if (x.entries.size() != y.entries.size()) return false;
      for (const auto& [key, value] : x.entries) {
        const Value* other = y.find(key);
        if (!other || !equal(value, *other, meter)) return false;
      }
      return true;
    }
    case Kind::range: {
      const auto &x = static_cast<const Range&>(*a.raw()), &y = static_cast<const Range&>(*b.raw());
      if (x.size() != y.size()) return false;
      return x.size() == 0 || (x.start == y.start && (x.size() == 1 || x.step == y.step));
    }
    case Kind::method: {
      const auto &x = static_cast<const Method&>(*a.raw()), &y = static_cast<const Method&>(*b.raw());
      return x.name == y.name && x.self.raw() == y.self.raw();
    }
    case Kind::view: {  // keys and items are sets, values are only themselves
      const auto &x = static_cast<const List&>(*a.raw()), &y = static_cast<const List&>(*b.raw());
      if (x.label == "dict_values" || y.label == "dict_values") return a.raw() == b.raw();
      if (x.items.size() != y.items.size()) return false;
      for (size_t i = 0; i < x.items.size(); ++i) {
        const auto same = [&](const Value& v) { return equal(x.items[i], v, meter); };
        if (!same(y.items[i]) && std::none_of(y.items.begin(), y.items.end(), same)) return false;
      }
      return true;
    }
    case Kind::function:
      return a.whole() == b.whole();
    default:
      return a.raw() == b.raw();
  }
}

int compare(const Value& a, const Value& b, Meter& meter) {
  meter.step();
  if (a.is_number() && b.is_number()) {
    if (a.is_whole() && b.is_whole()) return a.whole() < b.whole() ? -1 : a.whole() > b.whole();
    const double x = a.number(), y = b.number();
    return x < y ? -1 : x > y;  // NaN is handled by the caller
  }
  if (a.is_text() && b.is_text()) {
    meter.step(std::min(a.chars().bytes.size(), b.chars().bytes.size()) / 64);
    return a.chars().bytes.compare(b.chars().bytes);  // UTF-8 orders as code points do
  }
  if (a.kind() == b.kind() && (a.is(Kind::list) || a.is(Kind::tuple))) {
    const auto &x = a.items(), &y = b.items();
    for (size_t i = 0; i < x.size() && i < y.size(); ++i)
      if (!equal(x[i], y[i], meter)) return compare(x[i], y[i], meter);
    return x.size() < y.size() ? -1 : x.size() > y.size();
  }
  if (a.is(Kind::undefined) || b.is(Kind::undefined)) throw Failure{(a.is(Kind::undefined) ? a : b).hint()};
  throw Failure{fmt::format("'{}' and '{}' have no order", type_name(a), type_name(b))};
}

bool contains(const Value& container, const Value& item, Meter& meter) {
  switch (container.kind()) {
    case Kind::text: {
      if (!item.is_text())
        throw Failure{fmt::format("'in <str>' needs a str on the left, not {}", type_name(item))};
      meter.step(container.chars().bytes.size() / 64);
      return container.chars().bytes.find(item.chars().bytes) != std::string::npos;
    }
    case Kind::dict:
      return container.dict().find(item) != nullptr;
    case Kind::view: {
      const std::string_view label = static_cast<const List&>(*container.raw()).label;
      if (label == "dict_keys") check_key(item);
      if (label == "dict_items" && (!item.is(Kind::tuple) || item.items().size() != 2)) return false;
      if (label == "dict_items") check_key(item.items()[0]);
      [[fallthrough]];
    }
    case Kind::list:
    case Kind::tuple:
      for (const Value& v : container.items())
        if (v.raw() && v.raw() == item.raw() ? true : equal(v, item, meter)) return true;
      return false;
    default:
      for (const Value& v : elements(container, meter))
        if (equal(v, item, meter)) return true;
      return false;
  }
}

}  // namespace ds::tokenizer::jinja
