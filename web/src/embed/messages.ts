/** What a bubble and the chat in its frame say to each other. Messages of other windows are hostile until looked at. */

export type Scheme = "auto" | "light" | "dark";

/** From the page around the frame. */
export type HostMessage =
  | { type: "hello"; theme: Scheme; greeting: string; isIdentified: boolean; isShown: boolean }
  | { type: "shown"; isShown: boolean; hasFocus: boolean }
  | { type: "theme"; theme: Scheme }
  | { type: "identity"; identity: string | null }
  | { type: "logout" };

/** From the chat in the frame. */
export type FrameMessage =
  | { type: "ready" }
  | { type: "close" }
  | { type: "unread" }
  | { type: "wanted" }
  | { type: "identified" }
  | { type: "refused"; code: string };

type Shape = Readonly<Record<string, "string" | "boolean" | "string?">>;

export const HOST_SHAPES: Readonly<Record<string, Shape>> = {
  hello: { theme: "string", greeting: "string", isIdentified: "boolean", isShown: "boolean" },
  shown: { isShown: "boolean", hasFocus: "boolean" },
  theme: { theme: "string" },
  identity: { identity: "string?" },
  logout: {},
};

export const FRAME_SHAPES: Readonly<Record<string, Shape>> = {
  ready: {},
  close: {},
  unread: {},
  wanted: {},
  identified: {},
  refused: { code: "string" },
};

const LONGEST = 4_096;
const MARK = "orcheo";

export function sealed<T extends { type: string }>(message: T): T & { orcheo: 1 } {
  return { ...message, [MARK]: 1 };
}

/** A message of one of these shapes, with nothing else in it; null for all else that a window may send. */
export function readMessage<T>(data: unknown, shapes: Readonly<Record<string, Shape>>): T | null {
  if (typeof data !== "object" || data === null) return null;
  const given = data as Record<string, unknown>;
  const type = given.type;
  if (given[MARK] !== 1 || typeof type !== "string" || !Object.hasOwn(shapes, type)) return null;
  const members = Object.entries(shapes[type] ?? {});
  if (!members.every(([name, kind]) => fits(given[name], kind))) return null;
  return Object.fromEntries([["type", type], ...members.map(([name]) => [name, given[name]])]) as T;
}

function fits(value: unknown, kind: string): boolean {
  if (typeof value === "string") return kind.startsWith("string") && value.length <= LONGEST;
  return typeof value === kind || (value === null && kind.endsWith("?"));
}
