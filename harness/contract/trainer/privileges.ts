/** What a trainer may use besides the current task's data. Declared, metered and shown on the leaderboard. */
export interface Privileges {
  /**
   * Data of past tasks: none, made by the model itself (after at most so many real items of each task, which are not
   * kept), at most `buffer` samples in total, or all of it. With the samples of a buffer at most `payloadBytes` bytes may
   * be kept that are not theirs; none where it is absent.
   */
  pastData:
    | "none"
    | "synthetic"
    | { synthetic: { demonstrations: number } }
    | { buffer: number; payloadBytes?: number }
    | "all";
  /** Items of general ability from the suite, at most this many. */
  generalItems: number;
  /** The task's id comes with each question at test time. */
  taskIdAtTest: boolean;
  /** Validation data of past tasks. */
  validationOfPastTasks: boolean;
}
