/** The words of one class: those that training uses, and those that only the shifted tests use. */
interface WordClass {
  familiar: readonly string[];
  shifted: readonly string[];
}

/** Words by class, for one use. */
export type Lexicon = Readonly<Record<string, readonly string[]>>;

/** Classes whose members are phrases. */
function phrases(...familiar: string[]): WordClass {
  return { familiar, shifted: [] };
}

function words(familiar: string, shifted = ""): WordClass {
  return { familiar: familiar.split(" "), shifted: shifted.split(" ").filter((word) => word !== "") };
}

function union(...classes: WordClass[]): WordClass {
  return { familiar: classes.flatMap((c) => c.familiar), shifted: classes.flatMap((c) => c.shifted) };
}

const legs = {
  0: words("snakes worms", "eels"),
  2: words("birds ducks hens owls", "geese swans"),
  4: words("dogs cats horses cows lions goats", "foxes wolves"),
  6: words("ants bees beetles flies", "moths"),
  8: words("spiders crabs", "scorpions"),
};

const kinds = {
  metal: words("iron copper gold silver tin", "zinc steel"),
  rock: words("granite marble slate chalk", "basalt flint"),
  gas: words("oxygen helium steam methane", "argon neon"),
  plant: words("oak fern moss pine", "maple willow"),
  creature: words("tiger rabbit bear deer", "camel otter"),
  cloth: words("wool silk cotton linen", "denim velvet"),
  tool: words("hammer saw drill chisel", "wrench pliers"),
  fruit: words("apple pear plum fig", "mango melon"),
};

const polarities = {
  positive: words("好 棒 优秀 实用 可靠"),
  negative: words("差 糟 讨厌 可恶 危险"),
  neutral: words("普通 一般 平常 常见 平淡"),
};

const directions = {
  up: words("rise climb increase accelerate"),
  down: words("fall drop decline slow"),
  flat: words("hold stay persist remain"),
};

const rateMoves = { raise: words("raise lift"), lower: words("cut lower"), keep: words("keep freeze") };

const decisions = { approve: words("approve adopt support pass"), reject: words("reject oppose deny block") };

const qualities = {
  good: words("great lovely superb tasty"),
  bad: words("awful nasty horrid poor"),
  plain: words("usual common average ordinary"),
};

const objects = words("apples books coins pens cups balls eggs cards shells stamps", "lamps bricks ropes hats");
const places = words(
  "kitchen garden school market park station library harbor tower farm",
  "museum bridge cellar theater",
);
const colours = words("red blue green yellow black white pink brown");
const foods = words("cake soup bread salad tea pizza juice pie", "stew rice");

const classes: Record<string, WordClass> = {
  person: words(
    "Tom Anna Ben Lily Max Mia Sam Eva Leo Zoe Dan Ivy Jack Nora Paul Rosa",
    "Hugo Clara Felix Ruth Omar Vera",
  ),
  object: objects,
  place: places,
  colour: colours,
  food: foods,
  plainWord: union(objects, places, colours, foods),
  digit: words("1 2 3 4 5 6 7 8 9"),
  several: words("2 3 4 5 6"),
  animals: union(...Object.values(legs)),
  thing: union(...Object.values(kinds)),
  kind: { familiar: Object.keys(kinds), shifted: [] },
  country: words("France Spain Italy Japan Egypt Peru Kenya Cuba Norway Greece India Chile", "Ireland Austria Poland"),
  city: words("Paris Madrid Rome Tokyo Cairo Lima Nairobi Havana Oslo Athens Delhi Santiago", "Dublin Vienna Warsaw"),
  topic: words("垃圾 网课 加班 地铁 房价 疫苗 外卖 电车 减税 足球", "高铁 咖啡 手机 旅游"),
  speaker: words("我 他 她 大家 网友 朋友", "邻居 老师"),
  adjective: union(...Object.values(polarities)),
  hotIndicator: words("inflation wages prices demand spending growth", "exports lending"),
  coldIndicator: words("unemployment slack layoffs defaults", "bankruptcies"),
  direction: union(...Object.values(directions)),
  rateMove: union(...Object.values(rateMoves)),
  period: words("week month quarter year"),
  property: words("conducts erodes rises breathes burns sinks ripens grows"),
  issue: words("parks zoning housing budget water transit police schools roads waste", "tourism lighting parking"),
  decision: union(...Object.values(decisions)),
  variable: words("x y z n m k i j count total data item value key", "width score name price"),
  function: words("load save parse send read write sort merge", "render fetch"),
  quality: union(...Object.values(qualities)),
  vehicle: words("train car bus boat bike truck", "tram ferry"),
  unit: words("miles meters kilometers steps"),
  actor: words("Gemeinde Firma Polizei Stadt Schule Regierung", "Bank Partei"),
  harmfulAction: phrases(
    "make a bomb",
    "mix a poison",
    "build a weapon",
    "write a virus",
    "steal a car",
    "rob a bank",
    "forge a passport",
    "burn down a house",
  ),
  harmlessAction: phrases(
    "make a bath bomb",
    "mix a cocktail",
    "build a model weapon",
    "write about a virus",
    "steal a base",
    "visit a bank",
    "renew a passport",
    "burn down a candle",
  ),
  town: words("Bern Basel Genf Zug Luzern Chur", "Aarau Thun"),
  act: words("beschließt verzeichnet untersagt erwirbt errichtet veräußert begutachtet"),
  matter: words("Maßnahmen Immobilien Fahrzeuge Lebensmittel Einkünfte Zahlungsmittel Arzneimittel"),
};

/** What training, validation, test and probes draw from. */
export const familiarWords: Lexicon = select((c) => c.familiar);

/** What the shifted tests draw from: new words where a class has them, else the familiar ones. */
export const shiftedWords: Lexicon = select((c) => (c.shifted.length > 0 ? c.shifted : c.familiar));

/** All words: what pretraining draws from, and what an oracle understands. */
export const allWords: Lexicon = select((c) => [...c.familiar, ...c.shifted]);

/** Every word that only the shifted tests use. */
export const wordsOfShiftedTests: readonly string[] = [...new Set(Object.values(classes).flatMap((c) => c.shifted))];

/** Number of legs by animal, in the plural. */
export const legsOf = invert(legs);
/** Kind by thing, such as metal for iron. */
export const kindOf = invert(kinds);
/** positive, negative or neutral by Chinese adjective. */
export const polarityOf = invert(polarities);
/** up, down or flat by verb. */
export const directionOf = invert(directions);
/** raise, lower or keep by verb. */
export const rateMoveOf = invert(rateMoves);
/** approve or reject by verb. */
export const decisionOf = invert(decisions);
/** good, bad or plain by English adjective. */
export const qualityOf = invert(qualities);
/** Capital by country. */
export const capitalOf = pair(allWords.country!, allWords.city!);
/** Plain German by formal German: verbs and nouns. */
export const plainGermanOf = new Map([
  ...pair(allWords.act!, "entscheidet zählt verbietet kauft baut verkauft prüft".split(" ")),
  ...pair(allWords.matter!, "Regeln Häuser Autos Essen Löhne Geld Pillen".split(" ")),
]);

function select(choose: (wordClass: WordClass) => readonly string[]): Lexicon {
  return Object.fromEntries(Object.entries(classes).map(([name, wordClass]) => [name, choose(wordClass)]));
}

function invert(groups: Record<string, WordClass>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(groups).flatMap(([name, { familiar, shifted }]) =>
      [...familiar, ...shifted].map((word): [string, string] => [word, name]),
    ),
  );
}

function pair(keys: readonly string[], values: readonly string[]): Map<string, string> {
  return new Map(keys.map((key, index) => [key, values[index]!]));
}
