/** Something in the data that makes scores say less than they seem to. */
export interface DataFinding {
  kind:
    | "test-in-train"
    | "probe-in-train"
    | "repeated-test"
    | "repeated-train"
    | "contradiction"
    | "shared-test"
    | "unseen-class"
    | "label-variants";
  /** Task or probe id. */
  task: string;
  /** Rows or prompts concerned. */
  count: number;
  text: string;
}
