/** What a page hands to the chat element: the part of ChatKit's options (npm `@openai/chatkit`) supported so far. */

import type { GetClientSecret } from "./protocol/grant-keeper.ts";

export interface ChatOptions {
  api: {
    /** Address of the ChatKit endpoint. */
    url: string;
    getClientSecret: GetClientSecret;
    /** Where a visitor whose login has ended can sign in again. */
    loginUrl?: string | null;
  };
  /** The thread to show first; null for a new one. */
  initialThread?: string | null;
  header?: { title?: { text?: string } };
  /** Characters that a message may have; what the server takes. */
  messageLimit?: number;
  /** Where unsent text is kept by thread (null: a new one), so that a reload does not lose it. */
  drafts?: Drafts;
}

interface Drafts {
  recall(threadId: string | null): string;
  keep(threadId: string | null, text: string): void;
}

/** The events that the element fires, with their details. */
export interface ChatEvents {
  "chatkit.ready": undefined;
  "chatkit.error": { error: unknown };
  "chatkit.response.start": undefined;
  "chatkit.response.end": undefined;
  "chatkit.thread.change": { threadId: string | null };
  "chatkit.thread.load.start": { threadId: string };
  "chatkit.thread.load.end": { threadId: string };
}
