// Unpacks the Chromium that npm's @sparticuz/chromium carries, with the system libraries and fonts it needs.
// Usage: node browser.mjs FOLDER, where FOLDER/node_modules holds the package. Prints nothing when all is well.
import { mkdirSync, createReadStream, createWriteStream, chmodSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const folder = process.argv[2];
const packed = join(folder, "node_modules", "@sparticuz", "chromium", "bin");
const wanted = {
  "chromium.br": "chromium",
  "al2023.tar.br": "al2023.tar",
  "swiftshader.tar.br": "swiftshader.tar",
  "fonts.tar.br": "fonts.tar",
};

mkdirSync(join(folder, "bin"), { recursive: true });
for (const [from, to] of Object.entries(wanted)) {
  const target = join(folder, "bin", to);
  await pipeline(createReadStream(join(packed, from)), createBrotliDecompress(), createWriteStream(target));
}
chmodSync(join(folder, "bin", "chromium"), 0o755);
