/** The ticket of a one-time address: taken from the fragment, which then is neither shown nor kept in the history. */

const FRAGMENT = /^#ticket=([^&]+)$/;

export function takeTicket(): string | null {
  const [, ticket] = FRAGMENT.exec(location.hash) ?? [];
  if (ticket === undefined) return null;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    return decodeURIComponent(ticket);
  } catch {
    return ticket;
  }
}
