import { isWordCharacter } from "./tokens.js";

/** A label found in an answer, as a separate word. */
export interface Mention {
  label: string;
  start: number;
  end: number;
  /** Named as the answer: "the answer is B", "B is correct", "\boxed{B}". */
  stated: boolean;
  /** Named as no answer: "A is wrong", "not A". */
  negated: boolean;
  /** Joined to another label: "A or B". */
  joined: boolean;
}

/** Characters before and after a label that decide what is said of it: scanning takes time linear in the answer. */
const reach = 80;

const opening = "[\\s*_\"'“„«‘(\\[{<「『$`]*";
const ending = "[\\s*_\"'”“»’)\\]}>」』$`]*";
const filler =
  "(?:(?:clearly|definitely|indeed|probably|likely|most|simply|therefore|thus|then|the|letter|label|option|choice|answer|number|sicher|also|wohl|die|das)\\s+)*";
const noun =
  "(?:answer|choice|option|solution|conclusion|result|antwort|lösung|ergebnis|答案|选项|選項|选择|選擇|结论|結論)";
const about = "(?:\\s+(?:to|for|of|here|auf|zu)(?:\\s+[\\p{L}\\d]+){0,6}?)?";
const verb =
  "(?:is|was|would be|should be|must be|has to be|be|ist|lautet|wäre|应该是|應該是|是|为|為|选|選|[:=>：]|->|→)";
const boxed = "(?:\\\\boxed\\{|\\\\text\\{|\\\\mathrm\\{|####)";
const chosen =
  "(?:(?:i|we)(?:['’](?:d|ll)| would| will)? (?:choose|pick|select|say|go with|opt for)|(?:i am|i['’]m) going with|ich (?:wähle|nehme)|我?(?:选择|選擇|选|選))";
const hence = "(?:so|therefore|thus|hence|daher|deshalb|also|所以|因此)[,:，]?(?:\\s+(?:it is|it['’]s|es ist))?";

const statedBefore = new RegExp(
  `(?:(?<!\\p{L})${noun}${about}[\\s*_)]*${verb}[\\s:：]*|(?<!\\p{L})${chosen}\\s*[:：]?|(?<![\\p{L}])(?:${hence})\\s|${boxed})${opening}${filler}${opening}(?:${boxed})*${opening}$`,
  "u",
);
const statedAfter = new RegExp(
  `^${ending}(?:(?:is|are|ist|seems|looks)\\s+(?:(?:the|most|likely|definitely|clearly|probably|indeed|therefore|die|das)\\s+)*(?:correct|right|best|true|answer|richtig|korrekt)|是?(?:正确|正確|对的|對的))`,
  "u",
);
const negatedBefore = new RegExp(
  `(?:\\b(?:not|nor|neither|except|than|instead of|eliminated?|excluded?|rule out|ruled out|nicht)|n['’]t|不是|不选|不選|排除)[\\s:：]+${opening}${filler}${opening}$|(?:不是|不选|不選|排除)${opening}$`,
  "u",
);
const negatedAfter = new RegExp(
  `^${ending}(?:(?:is|are|was|were|seems|can|could|does|do|ist|kann)\\s*(?:clearly|definitely|obviously|also|simply|just|therefore|thus)?\\s*(?:not\\b|n['’]t|wrong|incorrect|false|out\\b|excluded|eliminated|impossible|unlikely|nicht|falsch)|(?:isn|can|doesn|wasn|aren)['’]t|cannot|不对|不對|不正确|不正確|错|錯|是错|是錯|不是)`,
  "u",
);
const joint = new RegExp(`^${ending}(?:\\s(?:or|and|oder|und)\\s|[/或和]|或者)${opening}${filler}${opening}$`, "u");

/** What makes a letter a label: "A." and "A is", but not "A careful"; asked of all letters, so that none is favored. */
const setOff =
  /^(?:$|[)\]}>*_.,:;!?"'”’」』。，：、\n/]|\s*$|\s(?:is|are|was|were|ist|sind|or|oder|and|und|because|since|as)\b)/u;
const lineStart = /(?:^|\n)[\s*_"'“([{`$]*$|[([{*"'“`]$/u;

/** Lower case, full-width characters as ASCII; every character keeps its place, whatever its case folds to. */
export function foldInPlace(text: string): string {
  return Array.from(halfWidth(text), (character) => {
    const lower = character.toLowerCase();
    return lower.length === character.length ? lower : character;
  }).join("");
}

function halfWidth(text: string): string {
  return text.replace(/[\uff01-\uff5e]/gu, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0));
}

/** Every label that is a separate word of a text, in order, and what is said of it. The longest of nested labels counts. */
export function mentionsOf(text: string, labels: readonly string[]): Mention[] {
  const folded = foldInPlace(text);
  const exact = halfWidth(text);
  const distinct = new Set(labels.map(foldInPlace)).size === labels.length;
  const forms = labels
    .filter((label) => label !== "")
    .map((label) => ({ label, form: distinct ? foldInPlace(label) : label }))
    .sort((first, second) => second.form.length - first.form.length);
  const searched = distinct ? folded : exact;
  const mentions: Mention[] = [];
  for (let start = 0; start < text.length; start++) {
    const found = forms.find(({ form }) => searched.startsWith(form, start) && standsAlone(searched, start, form));
    if (found === undefined) continue;
    const end = start + found.form.length;
    const before = folded.slice(Math.max(0, start - reach), start);
    const after = folded.slice(end, end + reach);
    const negated = negatedAfter.test(after) || negatedBefore.test(before);
    const stated = !negated && (statedBefore.test(before) || statedAfter.test(after));
    const isExact = exact[start] === found.label;
    const mayBeWord = /^\p{Script=Latin}$/u.test(found.label);
    const isSetOff = setOff.test(after);
    if (mayBeWord && !(stated ? isExact || isSetOff : isSetOff && (isExact || lineStart.test(before)))) continue;
    mentions.push({ label: found.label, start, end, stated, negated, joined: false });
    start = end - 1;
  }
  markJoined(folded, mentions);
  return mentions;
}

function markJoined(text: string, mentions: Mention[]): void {
  for (let index = mentions.length - 2; index >= 0; index--) {
    const [first, second] = [mentions[index]!, mentions[index + 1]!];
    if (second.start - first.end > reach || !joint.test(text.slice(first.end, second.start))) continue;
    if (second.negated) first.negated = true;
    else if (first.label !== second.label) [first.joined, second.joined] = [true, true];
  }
}

/** Whether a label is no part of a longer word, at a place of a text. */
export function standsAlone(text: string, start: number, label: string): boolean {
  const joinedBefore = isWordCharacter(label[0]) && isWordCharacter(text[start - 1]);
  const joinedAfter = isWordCharacter(label.at(-1)) && isWordCharacter(text[start + label.length]);
  return !joinedBefore && !joinedAfter;
}
