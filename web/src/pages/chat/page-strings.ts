/** The sentences that only the page says, in English. */

import { bookOf } from "../../element/language.ts";

export const englishPage = {
  unavailableTitle: "This chat is not available",
  unavailableText: "Its owner may have closed it, or the link is wrong.",
  unavailableHint:
    "Check that you opened the whole link. If it is right, ask the person who gave it to you for a new one.",
  loginTitle: "Sign in to chat",
  loginTitleNamed: "Sign in to chat with {name}",
  loginText: "The owner of this chat asks visitors to sign in first.",
  loginMissing: "This server does not offer sign-in. Ask the person who gave you the link.",
  limitedTitle: "Too many visits in a short time",
  brokenTitle: "The chat could not be opened",
  brokenText: "The server did not answer as expected. This usually passes within a minute.",
  offlineText: "The server could not be reached. Check your connection, then try again.",
  offlineTitle: "You are offline",
  offlineHint: "The chat opens by itself when the connection is back.",
  switchedOffText: "The operator of this server has switched chats off.",
  contactOwner: "Contact the owner",
  contactOperator: "Contact the operator",
} as const;

export const pageStrings = bookOf(englishPage);
