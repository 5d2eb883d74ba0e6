/**
 * Tells the server what happens in a chat: opened, closed, the time of the first answer, failures by code. No ids,
 * nothing of a visitor, no cookies. Loaded only where the operator has switched it on.
 */

import { failureCode } from "./failure-code.ts";

const LONGEST_CODE = 100;

/** The events of one place; whatever it tells twice is sent once. */
class Reports {
  readonly #place: "page" | "bubble" | "canvas";
  #isOpen = false;
  #isAnswered = false;

  constructor(place: "page" | "bubble" | "canvas") {
    this.#place = place;
    addEventListener("pagehide", () => this.shown(false));
  }

  shown(isOpen: boolean): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    this.#isAnswered = false;
    this.#send({ event: isOpen ? "open" : "close" });
  }

  answered(milliseconds: number): void {
    if (this.#isAnswered || !this.#isOpen) return;
    this.#isAnswered = true;
    this.#send({ event: "answer", milliseconds: Math.max(0, Math.round(milliseconds)) });
  }

  failed(code: string): void {
    this.#send({ event: "failure", code: code.slice(0, LONGEST_CODE) });
  }

  /** What is lost on the way is missing in a count, no more. */
  #send(told: Record<string, unknown>): void {
    fetch("/api/telemetry", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ place: this.#place, ...told }),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      keepalive: true,
    }).catch(() => {});
  }
}

let ofChat: Reports | null = null;

/**
 * The chat of a page, once it is there, or why it could not be opened; `isShown` where it is in the frame of a bubble,
 * which its visitor opens and closes.
 */
export async function watchChat(opening: Promise<EventTarget>, isShown?: () => boolean): Promise<void> {
  const reports = reportsOf(isShown);
  try {
    listen(await opening, reports);
    reports.shown(isShown?.() ?? true);
  } catch (error) {
    reports.failed(failureCode(error));
  }
}

function listen(chat: EventTarget, reports: Reports): void {
  let asked = 0;
  chat.addEventListener("chatkit.response.start", () => {
    asked = performance.now();
  });
  chat.addEventListener("chatkit.response.end", () => reports.answered(performance.now() - asked));
  chat.addEventListener("chatkit.error", (event) =>
    reports.failed(failureCode((event as CustomEvent<{ error?: unknown }>).detail?.error)),
  );
}

/** One for each page, which may start its chat again. */
function reportsOf(isShown?: () => boolean): Reports {
  if (ofChat !== null) return ofChat;
  const reports = new Reports(isShown === undefined ? "page" : "bubble");
  const isOpen = isShown ?? (() => true);
  addEventListener("pageshow", (show) => show.persisted && reports.shown(isOpen()));
  addEventListener("orcheo.shown", () => reports.shown(isOpen()));
  ofChat = reports;
  return reports;
}

/** The bubble of Canvas, whose events come up to `frame`. */
export function watchCanvas(frame: EventTarget): void {
  const reports = new Reports("canvas");
  const on = (name: string, heard: (detail: { milliseconds?: number; code?: string }) => void) =>
    frame.addEventListener(`canvas.chat.${name}`, (event) => heard((event as CustomEvent).detail));
  on("open", () => reports.shown(true));
  on("close", () => reports.shown(false));
  on("answer", ({ milliseconds }) => reports.answered(milliseconds ?? 0));
  on("failure", ({ code }) => reports.failed(code ?? "other"));
}
