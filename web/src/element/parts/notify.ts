/** Tells a visitor who is elsewhere that an answer has come: a sound, and a mark in the title of the tab. Both are off by default. */

import { pendingTool, shownFailure, type ThreadView } from "../state/thread-view.ts";

export interface Notifications {
  /** Plays two soft tones. */
  sound?: boolean;
  /** Puts the number of answers in front of the tab's title, until the tab is seen. */
  titleBadge?: boolean;
}

const KEPT = "orcheo.notifications";
/** Hertz: a fourth upwards. */
const TONES = [784, 1047];
const TONE_SECONDS = 0.16;
const LOUDNESS = 0.07;

let missed = 0;
let title = "";
let marked = "";
let audio: AudioContext | null = null;

/** What a page has asked for; `visitor`: what its visitor has chosen in this browser. */
export function wishesOf(given: Notifications | "visitor" | undefined): Notifications {
  if (given !== "visitor") return given ?? {};
  try {
    return (JSON.parse(localStorage.getItem(KEPT) ?? "{}") ?? {}) as Notifications;
  } catch {
    return {};
  }
}

export function keepWishes(wishes: Notifications): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(wishes));
  } catch {
    // Where storage is forbidden, both stay off.
  }
}

/** Called when a turn has ended while the tab is hidden. */
export function notify(view: ThreadView, given: Notifications | "visitor" | undefined): void {
  if (!document.hidden || view.turn !== "idle") return;
  if (shownFailure(view) !== null || pendingTool(view) !== null) return;
  const { sound, titleBadge } = wishesOf(given);
  if (sound) chime();
  if (titleBadge) mark();
}

/** Also a sample for the visitor who switches it on. Made here, so that no file has to be fetched. */
export function chime(): void {
  audio ??= new AudioContext();
  const context = audio;
  // A browser that has not been clicked in lets no page make a sound.
  void context.resume().then(() => {
    TONES.forEach((frequency, index) => {
      const start = context.currentTime + index * TONE_SECONDS;
      const tone = new OscillatorNode(context, { frequency });
      const loudness = new GainNode(context, { gain: 0 });
      loudness.gain.setValueAtTime(0, start);
      loudness.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, start + TONE_SECONDS * 2);
      tone.connect(loudness).connect(context.destination);
      tone.start(start);
      tone.stop(start + TONE_SECONDS * 2);
    });
  });
}

function mark(): void {
  // A page that has changed its title meanwhile has another one to come back to.
  if (missed === 0 || document.title !== marked) title = document.title;
  if (missed === 0) document.addEventListener("visibilitychange", seen);
  missed += 1;
  marked = `(${missed}) ${title}`;
  document.title = marked;
}

function seen(): void {
  if (document.hidden) return;
  document.removeEventListener("visibilitychange", seen);
  if (document.title === marked) document.title = title;
  missed = 0;
}
