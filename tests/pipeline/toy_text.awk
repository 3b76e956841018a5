# A small text of our own making, the same on every machine: JSONL documents of made-up English and Chinese sentences.
#   awk -v documents=300 -v seed=1 -f toy_text.awk
function pick(list, n,    words, count) {
  count = split(list, words, " ")
  state = (state * 69069 + 12345) % 2147483648
  return words[int(state / 4096) % count + 1]
}
function english() {
  return "The " pick(adjectives) " " pick(nouns) " " pick(verbs) " the " pick(nouns) " " pick(places) " because " pick(names) " " pick(verbs) " a " pick(adjectives) " " pick(nouns) ". "
}
function chinese() { return pick(who) pick(when) pick(does) pick(what) "，" pick(also) pick(does) pick(what) "。" }
BEGIN {
  state = seed * 7919 + 17
  adjectives = "small quiet bright old green patient curious heavy silver honest narrow gentle broken early distant warm"
  nouns = "river lantern teacher engine garden letter mountain sailor window library compass orchard bridge violin harbour kettle"
  verbs = "watched carried followed repaired painted remembered crossed measured answered collected polished borrowed"
  places = "near_the_mill under_the_bridge before_sunrise in_the_valley behind_the_station after_the_storm at_the_market"
  names = "Anna Tom Maria Henry Lucy Peter Clara Simon"
  who = "小明 老师 船长 医生 邻居 诗人 农夫 学生"
  when = "早上 昨天 下雨时 春天 夜里 中午"
  does = "修理 寻找 画了 带来 记得 打开 写下 看见"
  what = "一座桥 一封信 那盏灯 旧钟表 小船 花园 一本书 山路"
  also = "后来又 然后 接着 同时"
  for (n = 1; n <= documents; n++) {
    text = ""
    sentences = 6 + n % 5
    for (s = 0; s < sentences; s++) text = text (n % 4 == 0 ? chinese() : english())
    gsub(/_/, " ", text)
    sub(/ $/, "", text)
    printf "{\"id\":\"toy/%d\",\"text\":\"%s\"}\n", n, text
  }
}
