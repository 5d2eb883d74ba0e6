import { defineConfig } from "vitest/config";

export default defineConfig({
  // The server swaps this placeholder for a fresh nonce in each response.
  html: { cspNonce: "__ORCHEO_CSP_NONCE__" },
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "../orcheo_adapters/http/static",
    emptyOutDir: true,
    // Every browser we support preloads modules itself, and the polyfill is an inline script.
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { chat: "chat.html" } },
  },
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    restoreMocks: true,
  },
});
