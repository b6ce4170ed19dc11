import { dirname, resolve } from "node:path";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import { type ConfigFile, readConfigFile } from "./config-file.js";
import type { GateSection } from "./schema.js";
import { absoluteSpecifier } from "./specifier.js";

/** The section `gate` with its defaults. */
export interface GateSettings extends GateSection {
  baseline: string;
  worstFall: Record<string, number>;
  /** Absolute. */
  directory: string;
  /** Plug-ins of the file, whose metrics may have margins. */
  plugins: string[];
  /** Where the margin of a metric is declared; undefined for one of the command line. */
  locate(metric: string): ErrorLocation | undefined;
}

/**
 * Reads what a gate needs from a configuration; flags win over the file.
 *
 * @param flags `margins` are added to those of the file.
 * @throws CONFIG_SYNTAX, CONFIG_INVALID.
 */
export function readGateSettings(file: string | undefined, flags: Partial<GateSection>): GateSettings {
  const { content, locate }: Partial<ConfigFile> = file === undefined ? {} : readConfigFile(file);
  const section: Partial<GateSection> = content?.gate ?? {};
  const margins = { ...section.margins, ...flags.margins };
  const worstFall = { ...section.worstFall, ...flags.worstFall };
  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  const maxOrders = flags.maxOrders ?? section.maxOrders;
  const trainer = flags.trainer ?? section.trainer;
  return {
    baseline: flags.baseline ?? section.baseline ?? "main",
    directory:
      flags.directory === undefined ? resolve(base, section.directory ?? "baselines") : resolve(flags.directory),
    margins,
    worstFall,
    plugins: (content?.plugins ?? []).map((specifier) => absoluteSpecifier(specifier, base)),
    ...(trainer !== undefined && { trainer }),
    ...(maxOrders !== undefined && { maxOrders }),
    locate: (metric) =>
      flags.margins?.[metric] === undefined ? locate?.(["gate", "margins", metric], true) : undefined,
  };
}

/** Throws USAGE where nothing says how much worse a candidate may be, or a worst fall is given without a margin. */
export function requireMargins({ margins, worstFall }: GateSettings): void {
  const alone = Object.keys(worstFall).find((key) => margins[key] === undefined);
  if (alone !== undefined) {
    throw new BenchError("USAGE", `a worst fall is declared for ${alone}, which has no margin`, {
      fix: `Declare how much worse is accepted too: --margin ${alone}=0.02.`,
    });
  }
  if (Object.keys(margins).length > 0) return;
  throw new BenchError("USAGE", "no margin is declared", {
    fix: "Say how much worse is accepted, before looking: --margin op=0.02, or `gate: { margins: { op: 0.02 } }` in the configuration.",
  });
}
