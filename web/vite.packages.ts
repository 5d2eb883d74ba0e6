/** The chat element for npm: one module, with what is fetched later in modules beside it. */
import { defineConfig } from "vite";
import { leanMarkdownIt } from "./markdown-it-lean.ts";
import site from "./vite.config.ts";

export default defineConfig({
  plugins: [leanMarkdownIt()],
  resolve: site.resolve ?? {},
  define: site.define ?? {},
  logLevel: "warn",
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: true,
    minify: true,
    lib: { entry: { index: "src/packages/chat/index.ts" }, formats: ["es"] },
  },
});
