import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { aliases } from "./aliases.ts";

const STATIC = "../orcheo_adapters/http/static";
const COMPRESSIBLE = /\.(?:js|css|svg)$/;

/** Writes `.br` and `.gz` beside each asset, so that the server never compresses one. */
function compressed(): Plugin {
  return {
    name: "compressed-assets",
    apply: "build",
    closeBundle() {
      const folder = join(import.meta.dirname, STATIC, "assets");
      for (const name of readdirSync(folder).filter((each) => COMPRESSIBLE.test(each))) {
        const body = readFileSync(join(folder, name));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(body, { params: quality }));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(body, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

export default defineConfig({
  plugins: [compressed()],
  resolve: { alias: aliases },
  // The server swaps this placeholder for a fresh nonce in each response.
  html: { cspNonce: "__ORCHEO_CSP_NONCE__" },
  build: {
    target: "es2022",
    outDir: STATIC,
    emptyOutDir: true,
    // Every browser we support preloads modules itself, and the polyfill is an inline script.
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { chat: "chat.html" } },
  },
});
