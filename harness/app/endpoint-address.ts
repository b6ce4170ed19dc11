/** How an OpenAI-compatible server is asked. */
export interface EndpointSettings {
  /** The model's name at the server; its only one without it. */
  servedModel?: string;
  /** `completions` or `chat`. */
  api?: string;
  /** Which weights the server holds: another text is evaluated anew. */
  revision?: string;
  /** Questions at a time; 8 without it. */
  concurrency?: number;
  /** Seconds that one question may take; 120 without it. */
  timeout?: number;
  /** Further attempts at a question; 5 without it. */
  retries?: number;
}

/** The reference of a checkpoint with the settings as part of its address, where it is one; else the reference as it is. */
export function withEndpointSettings(reference: string, settings: EndpointSettings): string {
  if (!/^https?:\/\//.test(reference) || !URL.canParse(reference)) return reference;
  const { servedModel, api, revision, concurrency, timeout, retries } = settings;
  const url = new URL(reference);
  for (const [name, value] of Object.entries({ api, revision, concurrency, timeout, retries })) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  if (servedModel !== undefined) url.hash = encodeURIComponent(servedModel);
  return url.href;
}
