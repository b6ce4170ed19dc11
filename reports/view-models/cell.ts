/** One entry of a table as data: what it sorts by, what it shows, what explains it, where it leads. */
export interface Cell {
  value: number | null;
  text: string;
  note?: string;
  link?: string;
}

/** A mean with half its 95% interval, where there is one. */
export interface EstimateCell extends Cell {
  spread?: string;
  /** Set where there is no mean; the note says why. */
  absent?: true;
}

export interface Column {
  title: string;
  /** Said in full where the title is short. */
  note?: string;
  /** Whether the smallest stands first when the column is first sorted by. */
  ascending?: boolean;
  /** Anchor of the explanation. */
  link?: string;
}
