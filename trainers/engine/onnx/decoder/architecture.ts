import type { Architecture } from "../../../model/architecture.js";
import { Decoder } from "./decoder.js";

/** An architecture with the graphs that compute it. */
export interface DecoderArchitecture extends Architecture {
  /** The class whose parts differ from those of `Decoder`; `Decoder` itself unless given. */
  readonly decoder?: typeof Decoder;
}

/** What of an architecture shapes a graph; undefined where it is computed as a plain decoder. */
export function graphVariant({ decoder }: DecoderArchitecture): string | undefined {
  return decoder === undefined || decoder === Decoder ? undefined : decoder.name;
}
