import { BenchError } from "../contract/errors.js";
import type { RegisteredModel, RegistryEvent, RegistryState, VersionRecord } from "../contract/registry.js";

/** The state before the first event. */
export const emptyState = (): RegistryState => ({ schema: "registry@1", events: 0, models: Object.create(null) });

/**
 * The state after one more event; the state before it is left as it is.
 *
 * @throws DATA_INVALID where the event cannot follow: a version out of turn, an alias that points elsewhere than the
 *   event says it did, the deletion of a version that an alias or the way back needs.
 */
export function applied(state: RegistryState, event: RegistryEvent): RegistryState {
  const name = event.type === "version-added" ? event.version.name : event.name;
  const before = modelIn(state, name);
  const model = next[event.type](before, event as never);
  const models: RegistryState["models"] = Object.assign(Object.create(null), state.models, { [name]: model });
  return { ...state, events: state.events === null ? null : state.events + 1, models };
}

/** The model of a name; one without versions where there is none. */
export function modelIn(state: RegistryState, name: string): RegisteredModel {
  const none = { next: 1, versions: [], evaluations: {}, aliases: {}, former: {} };
  return Object.hasOwn(state.models, name) ? state.models[name]! : none;
}

/** Aliases that point at a version. */
export const aliasesAt = ({ aliases }: Pick<RegisteredModel, "aliases">, version: number): string[] =>
  Object.keys(aliases).filter((alias) => aliases[alias] === version);

/** Aliases that point at a version, and those that would point at it again after a way back. */
export const holdersOf = ({ aliases, former }: RegisteredModel, version: number): string[] => [
  ...aliasesAt({ aliases }, version),
  ...aliasesAt({ aliases: former }, version).map((alias) => `former ${alias}`),
];

type EventOf<Type> = Extract<RegistryEvent, { type: Type }>;

const next: { [Type in RegistryEvent["type"]]: (model: RegisteredModel, event: EventOf<Type>) => RegisteredModel } = {
  "version-added"(model, { version }) {
    require(version.version === model.next, `version ${version.version} where ${model.next} is next`);
    return { ...model, next: model.next + 1, versions: [...model.versions, version] };
  },
  evaluated(model, { version, evaluation }) {
    require(has(model, version), `an evaluation of version ${version}, which does not exist`);
    const known = (model.evaluations[version] ?? []).filter(({ run }) => run !== evaluation.run);
    return { ...model, evaluations: { ...model.evaluations, [version]: [...known, evaluation] } };
  },
  "alias-moved"(model, { alias, from, to }) {
    const current = Object.hasOwn(model.aliases, alias) ? model.aliases[alias]! : null;
    require(current === from, `alias "${alias}" moved from ${from}, while it pointed at ${current}`);
    require(to === null || has(model, to), `alias "${alias}" at version ${to}, which does not exist`);
    const { [alias]: _moved, ...others } = model.aliases;
    return {
      ...model,
      aliases: to === null ? others : { ...others, [alias]: to },
      former: from === null ? model.former : { ...model.former, [alias]: from },
    };
  },
  "version-deleted"(model, { version }) {
    require(has(model, version), `the deletion of version ${version}, which does not exist`);
    const holders = holdersOf(model, version);
    require(holders.length === 0, `the deletion of version ${version}, which ${holders.join(", ")} holds`);
    const { [version]: _deleted, ...evaluations } = model.evaluations;
    return { ...model, evaluations, versions: model.versions.filter((each) => each.version !== version) };
  },
};

const has = ({ versions }: RegisteredModel, version: number): boolean =>
  versions.some((each: VersionRecord) => each.version === version);

function require(holds: boolean, what: string): void {
  if (holds) return;
  throw new BenchError("DATA_INVALID", `the log of the registry contains ${what}`, {
    fix: "Restore the log from a copy; it may not be edited by hand.",
  });
}
