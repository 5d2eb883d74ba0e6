/** Fails when what a page makes a browser download has outgrown its ceiling. Run it after the build. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../orcheo_adapters/http/static/", import.meta.url);
/** Bytes on the wire, for browsers that take only gzip: the page and what it loads. */
const CEILINGS = { "chat.html": 60_000 };

for (const [page, ceiling] of Object.entries(CEILINGS)) {
  const html = await readFile(new URL(page, STATIC), "utf8");
  const paths = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css|svg))"/g)].map(
    (match) => match[1],
  );
  const sent = await Promise.all(paths.map((path) => readFile(new URL(`${path}.gz`, STATIC))));
  const size = sent.reduce((sum, file) => sum + file.length, gzipSync(html).length);
  console.log(`${page}: ${size} bytes on the wire with gzip (ceiling ${ceiling})`);
  if (paths.length === 0 || size > ceiling) process.exitCode = 1;
}
