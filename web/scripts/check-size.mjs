/** Fails when what a page makes a browser download has outgrown its ceiling. Run it after the build. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../orcheo_adapters/http/static/", import.meta.url);
/**
 * Bytes on the wire, for browsers that take only gzip: the page or script, and all that it loads at once. `embed.html`
 * is what a bubble's frame loads when its visitor opens it.
 */
const CEILINGS = {
  "chat.html": 60_000,
  "embed.html": 64_000,
  "canvas.html": 90_000,
  "chatkit.js": 55_000,
  "embed.js": 5_000,
};
/** What a view of Canvas loads beyond the first load; the chat has a ceiling of its own. */
const VIEW_CEILING = 30_000;
const CHAT = /^assets\/orcheo-chat-/;

for (const [first, ceiling] of Object.entries(CEILINGS)) {
  const paths = await reached(first);
  const sizes = await Promise.all([...paths].map(sentSize));
  const size = sizes.reduce((sum, each) => sum + each, 0);
  console.log(`${first}: ${size} bytes on the wire with gzip (ceiling ${ceiling})`);
  if ((paths.size === 1 && first !== "embed.js") || size > ceiling) process.exitCode = 1;
}

const views = await viewsOf("canvas.html");
for (const [view, size] of views) {
  console.log(`Canvas, ${view}: ${size} bytes beyond the first load (ceiling ${VIEW_CEILING})`);
  if (size > VIEW_CEILING) process.exitCode = 1;
}
if (views.length === 0) process.exitCode = 1;

/** What a page imports later, and what that needs which the page does not have yet. */
async function viewsOf(page) {
  const there = await reached(page);
  const found = new Map();
  const waiting = [...there];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const view of await importedLater(path)) {
      if (found.has(view) || there.has(view) || CHAT.test(view)) continue;
      const paths = [...(await reached(view))].filter((each) => !there.has(each));
      const sizes = await Promise.all(paths.map(sentSize));
      found.set(
        view,
        sizes.reduce((sum, each) => sum + each, 0),
      );
      waiting.push(...paths);
    }
  }
  return [...found].sort(([, one], [, other]) => other - one);
}

async function importedLater(path) {
  if (!path.endsWith(".js")) return [];
  const text = await readFile(new URL(path, STATIC), "utf8");
  return [...text.matchAll(/import\(\s*["'`]\.\/([^"'`]+\.js)["'`]/g)].map((match) => `assets/${match[1]}`);
}

/** The file itself, and those that are loaded with it: not what it loads later. */
async function reached(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  if (!/\.(?:js|html)$/.test(path)) return found;
  const text = await readFile(new URL(path, STATIC), "utf8");
  // The page's own tags; the one script that chatkit.js names; the static imports of a module.
  const named = [
    ...text.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css|svg))"/g),
    ...text.matchAll(/"\.\/(assets\/[^"]+\.js)"/g),
  ].map((match) => match[1]);
  const imported = [...text.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g)].map(
    (match) => `assets/${match[1]}`,
  );
  for (const each of [...named, ...imported]) await reached(each, found);
  return found;
}

/** Small files are sent as they are. */
async function sentSize(path) {
  const ready = await readFile(new URL(`${path}.gz`, STATIC)).catch(() => null);
  const body = ready ?? (await readFile(new URL(path, STATIC)));
  return path.endsWith(".html") ? gzipSync(body).length : body.length;
}
