import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, defineConfig, type Plugin } from "vite";
import { aliases as markdownAliases } from "./aliases.ts";
import { iconNames } from "./icon-names.ts";
import { leanMarkdownIt } from "./markdown-it-lean.ts";

const STATIC = "../orcheo_adapters/http/static";
const COMPRESSIBLE = /\.(?:js|css|svg)$/;
/** A smaller icon fits into one packet as it is. */
const SMALL = 1_000;

interface IconSet {
  icons: Record<string, { body: string }>;
  aliases: Record<string, { parent: string }>;
}

/** Writes `.br` and `.gz` beside each asset, so that the server never compresses one. */
function compressed(): Plugin {
  return {
    name: "compressed-assets",
    apply: "build",
    writeBundle() {
      const folder = join(import.meta.dirname, STATIC, "assets");
      const assets = readdirSync(folder).filter((each) => COMPRESSIBLE.test(each));
      for (const name of [...assets, "../embed.js"]) {
        if (name.endsWith(".svg") && statSync(join(folder, name)).size < SMALL) continue;
        const body = readFileSync(join(folder, name));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(body, { params: quality }));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(body, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

/** Writes each icon of Lucide as a file of its own, to be fetched when it is first shown. */
function icons(version: string): Plugin {
  return {
    name: "icons",
    apply: "build",
    generateBundle() {
      const { icons, aliases } = createRequire(import.meta.url)("@iconify-json/lucide/icons.json") as IconSet;
      const bodyOf = (name: string) => (icons[name] ?? icons[aliases[name]?.parent ?? ""])?.body;
      const write = (fileName: string, body: string | undefined) => {
        if (body === undefined) throw new Error(`There is no icon for ${fileName}.`);
        const source = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${body}</svg>`;
        this.emitFile({ type: "asset", fileName: `assets/${fileName}.svg`, source });
      };
      for (const name of [...Object.keys(icons), ...Object.keys(aliases)])
        write(`lucide-${version}-${name}`, bodyOf(name));
      for (const [name, lucide] of iconNames) {
        const body = bodyOf(lucide);
        const isFilled = name.endsWith("-filled");
        write(
          `kit-${version}-${name}`,
          isFilled ? body?.replace('fill="none"', 'fill="currentColor"') : body,
        );
      }
    },
  };
}

/**
 * Writes `/chatkit.js`: a name that stays, in front of a chunk whose name changes with its content. Pages load it as a
 * classic script or as a module, from their own or from another origin, where only `currentScript` knows its address.
 */
function chatkitScript(): Plugin {
  return {
    name: "chatkit-script",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunk = Object.values(bundle).find((each) => each.type === "chunk" && each.name === "chatkit");
      if (chunk === undefined) throw new Error("There is no chunk for chatkit.js.");
      const source = `(() => {
  const script = document.currentScript;
  const path = "./${chunk.fileName}";
  const loading = script ? import(new URL(path, script.src).href) : import(path);
  loading.catch((error) => {
    console.error("The chat element could not be loaded. A page of another site must be among the server's allowed origins (ORCHEO_ALLOWED_ORIGINS).", error);
  });
})();
`;
      this.emitFile({ type: "asset", fileName: "chatkit.js", source });
    },
  };
}

/**
 * Writes `/embed.js`, one classic script that needs nothing else but words of other languages: a page of any site names
 * it without being an allowed origin of the server. The same is under a name that changes with its content, for pages
 * that stay with one release.
 */
function embedScript(): Plugin {
  return {
    name: "embed-script",
    apply: "build",
    async generateBundle() {
      const words = await builtAlone("src/embed/words-script.ts", {});
      const wordsName = `embed-words-${digestOf(words)}.js`;
      const source = await builtAlone("src/embed/script.ts", { __WORDS__: JSON.stringify(wordsName) });
      this.emitFile({ type: "asset", fileName: `assets/${wordsName}`, source: words });
      this.emitFile({ type: "asset", fileName: "embed.js", source });
      this.emitFile({ type: "asset", fileName: `assets/embed-${digestOf(source)}.js`, source });
    },
  };
}

/** A module as one classic script that needs nothing else. */
async function builtAlone(entry: string, define: Record<string, string>): Promise<string> {
  const lib = { entry, formats: ["iife" as const], name: "OrcheoEmbed" };
  const built = await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define,
    build: { target: "es2022", write: false, minify: true, lib },
  });
  const [{ output }] = built as unknown as [{ output: [{ code: string }] }];
  return output[0].code;
}

function digestOf(source: string): string {
  return createHash("sha256").update(source).digest("base64url").slice(0, 8);
}

/**
 * Gives Canvas copies of the small modules that it has in common with the chat: shared, they would come to visitors in
 * more and smaller files. The chat itself, fetched when it is first shown, is the one that visitors get.
 */
function canvasCopies(): Plugin {
  const isCanvas = (id: string) => id.includes("/src/pages/canvas/") || id.endsWith(COPY);
  return {
    name: "canvas-copies",
    apply: "build",
    enforce: "pre",
    async resolveId(source, importer, options) {
      if (importer === undefined || !isCanvas(importer)) return null;
      const found = await this.resolve(source, importer.replace(COPY, ""), { ...options, skipSelf: true });
      const isShared = found !== null && /\/src\/(?:element|pages\/chat)\/.*\.ts$/.test(found.id);
      return isShared && !found.id.endsWith("/orcheo-chat.ts") ? { ...found, id: found.id + COPY } : found;
    },
    load: (id) =>
      id.endsWith(COPY) ? { code: readFileSync(id.replace(COPY, ""), "utf8"), moduleType: "ts" } : null,
  };
}

const COPY = "?canvas";

/** Takes comments and indents out of styles, and indents out of markup; nothing of them is seen. */
function lean(): Plugin {
  return {
    name: "lean-templates",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/src/") || !id.replace(COPY, "").endsWith(".ts")) return null;
      const styles = code.replace(/\bcss`([^`$]*)`/g, (_all, text: string) => {
        const short = text.replace(/\/\*.*?\*\//gs, "").replace(/\s+/g, " ");
        return `css\`${short
          .replace(/ ?([{};,]) ?/g, "$1")
          .replace(/: /g, ":")
          .trim()}\``;
      });
      return {
        code: styles.replace(/\n\s+(?=[<@.?$a-z>/])/g, (gap) => (gap.length > 0 ? "\n" : gap)),
        map: null,
      };
    },
  };
}

/**
 * Modules that are loaded later have no styles and nothing to be fetched ahead: they are simply imported. Browsers
 * remember for as long as the page is open that a script did not come, so it is asked for once more by another address.
 */
function plainImports(): Plugin {
  return {
    name: "plain-imports",
    apply: "build",
    enforce: "pre",
    load: (id) => (id === "\0vite/preload-helper.js" ? RETRIED_IMPORT : null),
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        // Vite takes it for a part of the import, which a second attempt would leave out.
        if (chunk.type === "chunk" && /=>\s*import\([^)]*\)\s*\.then\(/.test(chunk.code))
          this.error(
            `${chunk.fileName}: take the module of a dynamic import apart, as in .then(({ name }) => …)`,
          );
      }
    },
  };
}

/**
 * Safari does not name the script that did not come; there the first answer stays. A script that the server has no
 * longer, as its files were replaced, is told from a lost connection: the error has `isGone`.
 */
const RETRIED_IMPORT = `let attempts = 0;
export const __vitePreload = (load) => load().catch((error) => {
  const [address] = /https?:\\S+\\.js/.exec(error.message) ?? [];
  if (!address) throw error;
  const again = address + "?" + ++attempts;
  return import(/* @vite-ignore */ again).catch(async (error) => {
    error.isGone = (await fetch(again)).status === 404;
    throw error;
  });
});`;

const lucide = createRequire(import.meta.url)("@iconify-json/lucide/package.json") as { version: string };

export default defineConfig({
  plugins: [
    leanMarkdownIt(),
    canvasCopies(),
    lean(),
    plainImports(),
    icons(lucide.version),
    chatkitScript(),
    embedScript(),
    compressed(),
  ],
  define: { __ICON_VERSION__: JSON.stringify(lucide.version) },
  resolve: { alias: markdownAliases },
  // The server swaps this placeholder for a fresh nonce in each response.
  html: { cspNonce: "__ORCHEO_CSP_NONCE__" },
  build: {
    target: "es2022",
    // As new as the styles of the elements, which have `light-dark()`: what would stand in for it knows no `<meta>`.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    outDir: STATIC,
    emptyOutDir: true,
    modulePreload: {
      // Every browser we support preloads modules itself, and the polyfill is an inline script.
      polyfill: false,
      // Addresses of what is loaded later must be relative to the script: the page may be of another site.
      resolveDependencies: (_url, dependencies, { hostType }) => (hostType === "js" ? [] : dependencies),
    },
    rolldownOptions: {
      // Says where a build on a slow machine took its time, which the person who waits for the demo cannot change.
      checks: { bundlerTimings: false },
      input: { chat: "chat.html", frame: "embed.html", canvas: "canvas.html", chatkit: "src/chatkit.ts" },
      // Every first load has all of Lit that is used: in one file it is smaller than in five.
      output: { codeSplitting: { groups: [{ name: "lit", test: /node_modules\/(?:@lit|lit)/ }] } },
    },
  },
});
