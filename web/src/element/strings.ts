/** Every sentence of the first load in English; the other languages are in `languages/`. */

import { bookOf } from "./language.ts";

export const english = {
  you: "You",
  /** Above what was answered. */
  answerHeading: "Answer",
  messageLabel: "Message",
  messagePlaceholder: "Write a message",
  answerPlaceholder: "Write your answer",
  cannotBeShown: "This part cannot be shown here.",
  send: "Send",
  stop: "Stop",
  retry: "Retry",
  tryAgain: "Try again",
  continueAnswer: "Continue",
  continueMessage: "Please continue.",
  newChat: "New chat",
  notSent: "Not sent",
  signIn: "Sign in",
  signInWith: "Sign in with {provider}",
  showEarlier: "Show earlier messages",
  jumpToLatest: "Jump to latest",
  sources: "Sources",
  sourcesFolded: { one: "Show {count} source", other: "Show {count} sources" },
  copyCode: "Copy code",
  copied: "Copied",
  notCopied: "Not copied",
  wrapLines: "Wrap long lines",
  footnote: "Footnote {number}",
  loading: "Loading the chat",
  conversation: "Conversation",
  greeting: "What would you like to ask?",
  greetingHint: "Answers appear here as they are written.",
  disclaimer: "Answers are written by AI and can be wrong. The owner can read this chat.",

  history: "History",
  closeHistory: "Back to the chat",

  lockedText: "Nothing can be added to this chat now.",
  threadClosedText: "This chat is closed.",

  tooLong: "This message is too long: {over} over the limit of {limit}.",
  nearLimit: "Characters left: {left}",

  statusAnswering: "Writing an answer…",
  elapsedSeconds: "{seconds} s",
  elapsedMinutes: "{minutes} min {seconds} s",
  statusStopping: "Stopping…",
  statusReconnecting: "The connection was lost. Reconnecting…",
  statusDone: "The answer is complete.",
  statusAsked: "A question waits for your answer.",
  heldAnswering: "An answer is still being written. Try again when it is complete, or stop it first.",
  heldWaiting: "You can send your message when the wait is over.",

  failureInterrupted: "The answer was interrupted.",
  failureStopped: "You stopped this answer.",
  failureEmpty: "There was no answer to this message.",
  failureFailed: "The workflow could not answer. You can try again.",
  endingFailed: "The workflow could not complete this answer.",
  failureTimedOut: "The workflow took too long to answer.",
  failureCutOff: "The answer was cut off here.",
  failureClosed: "The owner closed this chat during the answer.",
  failureError: "Something went wrong while answering.",
  failureRateLimited: "Too many messages in a short time.",
  failureTurnInProgress:
    "An answer is still being written, perhaps in another tab. Try again when it is complete.",
  failureConnectionLost: "The connection to the server was lost.",
  outdated: "This page is outdated. Reload it.",
  failureRefused: "The server did not accept this message.",
  tryAgainIn: "You can try again in {seconds} s.",
  tryAgainNow: "You can try again now.",

  closedTitle: "This chat is no longer available.",
  closedText: "Its owner closed it, or it has ended. You can still read what was said.",
  loginEndedTitle: "Your sign-in has ended.",
  loginEndedText: "Sign in again to continue. You can still read what was said.",
} as const;

export const strings = bookOf(english);

export { fill } from "./language.ts";
