/** Builds what could be published to npm into `dist/`; nothing is published. Usage: node scripts/packages.mjs [folder] */
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "vite";

const ROOT = join(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(ROOT, "dist"), "chat");
const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

rmSync(folder, { recursive: true, force: true });
await build({
  root: ROOT,
  configFile: join(ROOT, "vite.packages.ts"),
  build: { outDir: folder },
});
const types = ["--project", join(ROOT, "tsconfig.packages.json"), "--outDir", join(folder, "types")];
const compiled = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...types], {
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const file of ["react.js", "react.d.ts", "README.md"])
  copyFileSync(join(ROOT, "src/packages/chat", file), join(folder, file));
copyFileSync(join(ROOT, "../LICENSE"), join(folder, "LICENSE"));
const manifest = {
  name: "@orcheo/chat",
  version: own.version,
  description: "The chat element of Orcheo, with the options, methods and events of OpenAI's ChatKit.",
  license: own.license,
  type: "module",
  sideEffects: true,
  exports: {
    ".": { types: "./types/packages/chat/index.d.ts", default: "./index.js" },
    "./react": { types: "./react.d.ts", default: "./react.js" },
  },
  files: ["*.js", "*.d.ts", "types", "README.md", "LICENSE"],
  dependencies: { "@openai/chatkit": own.devDependencies["@openai/chatkit"], lit: own.dependencies.lit },
  peerDependencies: { react: ">=18" },
  peerDependenciesMeta: { react: { optional: true } },
};
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(folder);
