/** Settings of a server that flags may give. */
export interface EndpointFlags {
  servedModel?: string;
  api?: string;
  revision?: string;
  concurrency?: number;
  timeout?: number;
  retries?: number;
}

/** The reference of a checkpoint with the flags as part of its address, where it is one; else the reference as it is. */
export function withEndpointFlags(reference: string, flags: EndpointFlags): string {
  if (!/^https?:\/\//.test(reference) || !URL.canParse(reference)) return reference;
  const { servedModel, api, revision, concurrency, timeout, retries } = flags;
  const url = new URL(reference);
  for (const [name, value] of Object.entries({ api, revision, concurrency, timeout, retries })) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  if (servedModel !== undefined) url.hash = encodeURIComponent(servedModel);
  return url.href;
}
