/** Holds the chat grant, in memory only, and renews it before or after it has run out. */

/** Asks the embedding page for a chat grant; gets the one that ran out, or null the first time. */
export type GetClientSecret = (currentClientSecret: string | null) => Promise<string>;

const RENEWAL_MARGIN = 20_000;
const NO_GRANT = "api.getClientSecret must return a chat grant, which is a text.";

export class GrantKeeper {
  readonly #getClientSecret: GetClientSecret;
  readonly #now: () => number;
  #grant: string | null = null;
  #renewAt = 0;
  #renewal: Promise<string> | null = null;
  readonly #granted: (off: readonly string[]) => void;

  /** `granted` hears of each grant what the page's server has switched off with it. */
  constructor(
    getClientSecret: GetClientSecret,
    now: () => number = Date.now,
    granted: (off: readonly string[]) => void = () => {},
  ) {
    this.#getClientSecret = getClientSecret;
    this.#now = now;
    this.#granted = granted;
  }

  /** A grant that will last for the next request. */
  async current(): Promise<string> {
    if (this.#grant !== null && this.#now() < this.#renewAt) return this.#grant;
    return this.#renew();
  }

  /** A grant other than `refused`; requests refused together share one renewal. */
  async replace(refused: string): Promise<string> {
    if (this.#grant !== null && this.#grant !== refused) return this.#grant;
    return this.#renew();
  }

  #renew(): Promise<string> {
    this.#renewal ??= this.#fetchGrant().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #fetchGrant(): Promise<string> {
    const before = this.#grant;
    let grant = await this.#getClientSecret(before);
    // Many pages keep the first grant; what has run out, or was refused, is of no use any more.
    if (grant === before) grant = await this.#getClientSecret(null);
    if (typeof grant !== "string" || grant === "") throw new Error(NO_GRANT);
    const { iat, exp, off } = claimsOf(grant);
    const lifetime = (Number(exp) - Number(iat)) * 1000;
    this.#grant = grant;
    this.#renewAt =
      lifetime > 0
        ? this.#now() + lifetime - Math.min(RENEWAL_MARGIN, lifetime / 2)
        : Number.POSITIVE_INFINITY;
    this.#granted(Array.isArray(off) ? off : []);
    return grant;
  }
}

/**
 * What a grant says. Its lifetime is the span between `iat` and `exp`, so that a wrong clock here does no harm; a grant
 * that is no JWT is used until the server refuses it.
 */
function claimsOf(grant: string): Record<string, unknown> {
  try {
    const payload = grant.split(".")[1] ?? "";
    return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return {};
  }
}
