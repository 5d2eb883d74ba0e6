/**
 * Builds what could be published to npm into `dist/`, each package as a folder and as the file that npm installs; nothing
 * is published. Usage: node scripts/packages.mjs [folder]
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const target = resolve(process.argv[2] ?? join(ROOT, "dist"));
const COMPILER = join(ROOT, "node_modules/typescript/bin/tsc");
const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

if (!existsSync(COMPILER)) {
  console.error(
    "The packages cannot be built: their tools are missing. Run `npm ci` in web/, then try again.",
  );
  process.exit(1);
}
const { build } = await import("vite");

/** Module, types and the files that are written by hand; `manifest` has what this package alone says. */
async function pack(name, handwritten, manifest) {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  await build({
    root: ROOT,
    configFile: join(ROOT, "vite.packages.ts"),
    build: {
      outDir: folder,
      lib: { entry: { index: `src/packages/${name}/index.ts` }, formats: ["es"] },
    },
  });
  const types = ["--project", join(ROOT, `tsconfig.${name}.json`), "--outDir", join(folder, "types")];
  const compiled = spawnSync(process.execPath, [COMPILER, ...types], {
    stdio: "inherit",
  });
  if (compiled.status !== 0) process.exit(compiled.status ?? 1);
  for (const file of [...handwritten, "README.md"])
    copyFileSync(join(ROOT, "src/packages", name, file), join(folder, file));
  copyFileSync(join(ROOT, "../LICENSE"), join(folder, "LICENSE"));
  const { exports, ...rest } = manifest;
  const whole = {
    name: `@orcheo/${name}`,
    version: own.version,
    license: own.license,
    type: "module",
    exports: {
      ".": { types: `./types/packages/${name}/index.d.ts`, default: "./index.js" },
      ...exports,
    },
    files: ["*.js", "*.d.ts", "types", "README.md", "LICENSE"],
    ...rest,
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(whole, null, 2)}\n`);
  // As a file: npm links a folder, and then React and its types are found beside the checkout, a second time.
  const packed = spawnSync("npm", ["pack", "--silent", "--pack-destination", target, folder], {
    encoding: "utf8",
  });
  if (packed.status !== 0) {
    console.error(packed.stderr ?? packed.error?.message);
    process.exit(packed.status ?? 1);
  }
  console.log(join(target, packed.stdout.trim()));
}

await pack("chat", ["react.js", "react.d.ts"], {
  description: "The chat element of Orcheo, with the options, methods and events of OpenAI's ChatKit.",
  sideEffects: true,
  exports: { "./react": { types: "./react.d.ts", default: "./react.js" } },
  dependencies: { "@openai/chatkit": own.devDependencies["@openai/chatkit"], lit: own.dependencies.lit },
  peerDependencies: { react: ">=18" },
  peerDependenciesMeta: { react: { optional: true } },
});
await pack("embed", [], {
  description: "A chat bubble for any page, with a published workflow of an Orcheo server in it.",
  sideEffects: false,
});
