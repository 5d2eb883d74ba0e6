/** Fails when a language lacks a sentence, has one too many, or has other `{places}` or plural forms than it needs. */
import { readdirSync, readFileSync } from "node:fs";
import { runnerImport } from "vite";

const FOLDER = new URL("../src/element/languages/", import.meta.url);

const load = async (path) => (await runnerImport(new URL(path, import.meta.url).pathname)).module;
const { languageFaults } = await load("../language-faults.ts");
const { englishBooks } = await load("../english.ts");
const all = Object.assign({}, ...englishBooks);

if (process.argv[2] === "--english") console.log(JSON.stringify(all, null, 2));
else {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  const faults = files.flatMap((file) => {
    const phrases = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
    return languageFaults(file.replace(".json", ""), phrases, all);
  });
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`${files.length} languages are complete: ${Object.keys(all).length} sentences each.`);
}
