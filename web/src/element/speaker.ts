/** Keeps an element in the language that is wanted of it. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { englishAs, type Language, languageFor, speak } from "./language.ts";

export class Speaker implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #wanted: () => readonly string[];
  #language = englishAs("en");
  #asked: string | null = null;
  /** Resolved once the wanted language is there, or cannot be had. */
  ready: Promise<void> = Promise.resolve();
  isComing = false;

  /** `wanted`: names of languages, the best first. */
  constructor(host: ReactiveControllerHost, wanted: () => readonly string[]) {
    this.#host = host;
    this.#wanted = wanted;
    host.addController(this);
  }

  get language(): Language {
    return this.#language;
  }

  /** Looks again at what is wanted; until another language has come, the former one is spoken. */
  listen(): void {
    const wanted = this.#wanted();
    const asked = wanted.join();
    if (asked === this.#asked) return;
    this.#asked = asked;
    const language = languageFor(wanted);
    if (language instanceof Promise) this.ready = this.#await(language, asked);
    else {
      this.#language = language;
      this.isComing = false;
    }
  }

  hostUpdate(): void {
    this.listen();
    speak(this.#language);
  }

  /** A language that does not come is asked for again with the next change. */
  async #await(coming: Promise<Language>, asked: string): Promise<void> {
    this.isComing = true;
    const language = await coming.catch(() => this.#language);
    if (asked !== this.#asked) return;
    this.#language = language;
    this.isComing = false;
    this.#host.requestUpdate();
  }
}
