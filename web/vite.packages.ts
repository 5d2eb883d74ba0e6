/** The packages for npm: one module each, with what is fetched later in modules beside it; the script names the entry. */
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
  },
});
