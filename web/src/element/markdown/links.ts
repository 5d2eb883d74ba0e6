/** Which addresses model text may link to. */

const SAFE_PROTOCOLS = new Set(["https:", "http:", "mailto:"]);
const LONGEST_ADDRESS = 2_000;

/** The address in its canonical form, or null when it is not absolute or not of a safe kind. */
export function safeHref(address: string): string | null {
  if (address.length > LONGEST_ADDRESS || !URL.canParse(address)) return null;
  const url = new URL(address);
  return SAFE_PROTOCOLS.has(url.protocol) ? url.href : null;
}
