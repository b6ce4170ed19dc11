import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take ten seconds and more, most of them short: vitest would start them last, by their size. */
const long = [
  "api/package",
  "ci/action",
  "claims/claims",
  "cli/run",
  "cli/watch",
  "methods/kit",
  "reports/browser",
  "run/carry",
  "run/interruption",
  "security/hostile-models",
  "serve/kills",
].map((name) => `${name}.test.ts`);

/** Starts what takes long first, so that no processor waits at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.some((name) => moduleId.endsWith(`/${name}`));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
