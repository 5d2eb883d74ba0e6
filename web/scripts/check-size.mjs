/** Fails when what a page makes a browser download has outgrown its ceiling. Run it after the build. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../orcheo_adapters/http/static/", import.meta.url);
const CEILINGS = { "chat.html": 30_000 };

for (const [page, ceiling] of Object.entries(CEILINGS)) {
  const html = await readFile(new URL(page, STATIC), "utf8");
  const paths = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  const files = await Promise.all(paths.map((path) => readFile(new URL(path, STATIC))));
  const size = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
  console.log(`${page}: ${size} bytes of script and style, gzip (ceiling ${ceiling})`);
  if (paths.length === 0 || size > ceiling) process.exitCode = 1;
}
