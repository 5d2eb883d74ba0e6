/** Apart from vite.config.ts, so that building the page needs none of the tools that only tests need. */
import { defineConfig } from "vitest/config";
import { aliases } from "./aliases.ts";
import { leanMarkdownIt } from "./markdown-it-lean.ts";

export default defineConfig({
  resolve: { alias: aliases },
  plugins: [leanMarkdownIt()],
  test: {
    // Otherwise Node loads it, and knows nothing of the aliases and the plugin.
    server: { deps: { inline: ["markdown-it"] } },
    include: ["test/**/*.test.ts"],
    environment: "node",
    restoreMocks: true,
    // For what hangs: a busy machine takes many times as long as an idle one.
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
