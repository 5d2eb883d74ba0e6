/** Holds the chat grant, in memory only, and renews it before or after it has run out. */

/** Asks the embedding page for a chat grant; gets the one that ran out, or null the first time. */
export type GetClientSecret = (currentClientSecret: string | null) => Promise<string>;

const RENEWAL_MARGIN = 20_000;

export class GrantKeeper {
  readonly #getClientSecret: GetClientSecret;
  readonly #now: () => number;
  #grant: string | null = null;
  #renewAt = 0;
  #renewal: Promise<string> | null = null;

  constructor(getClientSecret: GetClientSecret, now: () => number = Date.now) {
    this.#getClientSecret = getClientSecret;
    this.#now = now;
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
    const grant = await this.#getClientSecret(this.#grant);
    this.#grant = grant;
    this.#renewAt = this.#now() + grantLifetime(grant) - RENEWAL_MARGIN;
    return grant;
  }
}

/**
 * Milliseconds between the `iat` and `exp` claims: a span, so that a wrong clock here does no harm.
 * A grant that is no JWT is used until the server refuses it.
 */
function grantLifetime(grant: string): number {
  try {
    const payload = grant.split(".")[1] ?? "";
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<
      string,
      unknown
    >;
    const lifetime = (Number(claims.exp) - Number(claims.iat)) * 1000;
    return lifetime > 0 ? lifetime : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
