/** Colours of code by highlight.js, whose languages are loaded one by one, on use. */

import type { HLJSApi, LanguageFn } from "highlight.js";
import { html, nothing, type TemplateResult } from "lit";
import { until } from "lit/directives/until.js";

const LANGUAGES = import.meta.glob<{ default: LanguageFn }>(
  "/node_modules/highlight.js/es/languages/{bash,c,cpp,csharp,css,dart,diff,dockerfile,elixir,go,graphql,haskell,http,ini,java,javascript,json,julia,kotlin,latex,lua,makefile,markdown,matlab,nginx,objectivec,perl,php,plaintext,powershell,python,r,ruby,rust,scala,scss,sql,swift,typescript,xml,yaml}.js",
);
/** Other names by which people and models call them. */
const ALIASES: Record<string, string> = {
  "c++": "cpp",
  "c#": "csharp",
  cs: "csharp",
  docker: "dockerfile",
  ex: "elixir",
  golang: "go",
  hs: "haskell",
  html: "xml",
  js: "javascript",
  jsx: "javascript",
  kt: "kotlin",
  md: "markdown",
  mjs: "javascript",
  objc: "objectivec",
  pl: "perl",
  ps1: "powershell",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  svg: "xml",
  tex: "latex",
  toml: "ini",
  ts: "typescript",
  tsx: "typescript",
  yml: "yaml",
  zsh: "bash",
};

/** What highlight.js finds in a text: strings, and spans of a kind. */
interface Scope {
  scope?: string;
  children: (Scope | string)[];
}

type Coloured = TemplateResult | string;

let highlighter: Promise<HLJSApi> | undefined;
/** Languages that can be used without waiting. */
const ready = new Map<string, HLJSApi>();
/**
 * Of most languages the time grows with the square of the length, of a line above all: a text that is made for it would
 * block the page. No line that a person wrote is as long, and no gap.
 */
const LONG_LINE = /.{500}|\s{500}/;
const LONGEST_MS = 500;
/** Languages that took too long once: an answer may have many blocks of code. */
const slow = new Set<string>();

/** The text in colours, at once or when the language has been loaded; as it is in a language that is not known. */
export function coloured(named: string, text: string): unknown {
  const lower = named.toLowerCase();
  const language = ALIASES[lower] ?? lower;
  const load = LANGUAGES[`/node_modules/highlight.js/es/languages/${language}.js`];
  if (load === undefined) return text;
  const at = ready.get(language);
  if (at !== undefined) return scopes(at, language, text);
  const later = prepare(language, load).then(
    (loaded) => scopes(loaded, language, text),
    () => text,
  );
  return until(later, text);
}

async function prepare(language: string, load: () => Promise<{ default: LanguageFn }>): Promise<HLJSApi> {
  highlighter ??= import("highlight.js/lib/core").then(({ default: core }) => core);
  const [loaded, { default: definition }] = await Promise.all([highlighter, load()]).catch((error) => {
    highlighter = undefined;
    throw error;
  });
  loaded.registerLanguage(language, definition);
  ready.set(language, loaded);
  return loaded;
}

function scopes(loaded: HLJSApi, language: string, text: string): Coloured[] {
  if (slow.has(language) || LONG_LINE.test(text)) return [text];
  const began = performance.now();
  const { _emitter } = loaded.highlight(text, { language, ignoreIllegals: true });
  if (performance.now() - began > LONGEST_MS) slow.add(language);
  return ((_emitter as unknown as { rootNode: Scope }).rootNode.children ?? []).map(scopeTemplate);
}

function scopeTemplate(part: Scope | string): Coloured {
  if (typeof part === "string") return part;
  const kind = part.scope?.split(".")[0] ?? nothing;
  return html`<span data-kind=${kind}>${part.children.map(scopeTemplate)}</span>`;
}
