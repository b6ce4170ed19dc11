/** One entry of a table as data: what it sorts by, what it shows, what explains it, where it leads. */
export interface Cell {
  value: number | null;
  text: string;
  note?: string;
  link?: string;
}

export interface Column {
  title: string;
  /** Said in full where the title is short. */
  note?: string;
  /** Anchor of the explanation. */
  link?: string;
}
