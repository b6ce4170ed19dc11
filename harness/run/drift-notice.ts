/** What a run says of a task whose data is unlike that before it; the same for every trainer, order and seed. */
export function driftNotice(task: string, warnings: readonly string[]): string {
  return `${task}: its inputs are unlike anything learned before it (${warnings.join(", ")}): expect interference`;
}
