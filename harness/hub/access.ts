/** How the Hub is spoken to. */
export interface HubAccess {
  /** HF_ENDPOINT. */
  hubUrl: string;
  /** HF_TOKEN. */
  accessToken?: string;
}

/** As the environment says. */
export function hubAccess(): HubAccess {
  const access: HubAccess = { hubUrl: (process.env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "") };
  if (process.env.HF_TOKEN) access.accessToken = process.env.HF_TOKEN;
  return access;
}
