/** A relation without what it says of time. */
export interface TimedRelation {
  relation: string;
  /** First and last year in which it holds; null where it is open. */
  from: number | null;
  until: number | null;
}

const timed = /^(.+?)(?: (?:since|from) (\d{4}))?(?: (?:to|until) (\d{4}))?$/u;
const within = /^(.+) in (\d{4})$/u;

/** Reads years at the end of a relation: "lives in since 2001", "from 2001 to 2004", "until 2004", "in 2001". */
export function timedRelation(text: string): TimedRelation {
  const [, inYear, year] = within.exec(text) ?? [];
  if (inYear !== undefined) return { relation: inYear, from: Number(year), until: Number(year) };
  const [, relation = text, from, until] = timed.exec(text) ?? [];
  return {
    relation,
    from: from === undefined ? null : Number(from),
    until: until === undefined ? null : Number(until),
  };
}

/** The year that a question names; null where it names none. */
export function yearOf(question: string): number | null {
  const year = /(?<!\d)[12]\d{3}(?!\d)/u.exec(question)?.[0];
  return year === undefined ? null : Number(year);
}

/** What holds in a year; without one, what has not ended. */
export const holds = ({ from, until }: TimedRelation, year: number | null): boolean =>
  year === null ? until === null : (from ?? year) <= year && year <= (until ?? year);

/** Whether two hold at one time, and neither begins after the other, which it would then replace. */
export const collide = (a: TimedRelation, b: TimedRelation): boolean =>
  a.from === b.from && (a.from ?? -9999) <= (b.until ?? 9999) && (b.from ?? -9999) <= (a.until ?? 9999);
