// @vitest-environment happy-dom
/** Hostile text that arrives in pieces. What it does in a browser is tried by `tests/e2e/test_hostile_text.py`. */
import { html, render } from "lit";
import { beforeEach, describe, expect, test } from "vitest";
import { renderMarkdown } from "../src/element/markdown/render.ts";
import { checkOptions } from "../src/element/options.ts";
import { SseParser } from "../src/element/protocol/sse.ts";
import { parseThreadEvent } from "../src/element/protocol/wire.ts";
// @ts-expect-error: plain JavaScript, as Chromium loads it too
import { faultsIn } from "./hostile/harmless.js";
import payloads from "./hostile/payloads.json";

const SHORT = 80;
const ORIGIN = "http://localhost";
let place: HTMLElement;

beforeEach(() => {
  place = document.createElement("div");
});

function draw(text: string, streaming: boolean): void {
  const options = { streaming, headingLevel: 3 };
  render(html`<div class="prose">${renderMarkdown(text, options)}</div>`, place);
}

/** What stands there, without the marks of the templates. */
function drawn(): string {
  return place.innerHTML.replace(/<!--.*?-->/gs, "");
}

describe.each(Object.entries(payloads))("%s", (_kind, texts) => {
  test("grows by a character at a time and becomes nothing but text and links", () => {
    for (const payload of texts.filter(({ length }) => length <= SHORT)) {
      place = document.createElement("div");
      for (let end = 1; end <= payload.length; end += 1) {
        draw(payload.slice(0, end), true);
        expect(faultsIn(place, ORIGIN), payload.slice(0, end)).toEqual([]);
      }
      draw(payload, false);
      const grown = drawn();
      place = document.createElement("div");
      draw(payload, false);
      expect(grown, payload).toBe(drawn());
      expect(faultsIn(place, ORIGIN), payload).toEqual([]);
    }
  });

  test("arrives unchanged, wherever the stream is split", () => {
    for (const payload of texts) {
      const event = JSON.stringify({ type: "notice", level: "info", message: payload });
      const bytes = new TextEncoder().encode(`data: ${event}\n\n`);
      for (let at = 1; at < bytes.length; at += 1) {
        const parser = new SseParser();
        const frames = [...parser.push(bytes.slice(0, at)), ...parser.push(bytes.slice(at))];
        expect(frames.map(({ data }) => data)).toEqual([event]);
      }
      expect(parseThreadEvent(event)).toMatchObject({ message: payload });
    }
  });
});

test("a locale that is no language tag is left out, by name", () => {
  const wrong: string[] = [];
  const options = { api: { url: "/api" }, locale: '"><script>alert(1)</script>' };
  expect(checkOptions(options, (path, expected) => wrong.push(`${path}: ${expected}`))).toEqual({
    api: { url: "/api" },
  });
  expect(wrong).toEqual(["locale: language tag"]);
  expect(checkOptions({ ...options, locale: "pt-BR" }, () => {})?.locale).toBe("pt-BR");
});
