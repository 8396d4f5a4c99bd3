/**
 * Bundles the front end into the few small files that pages load.
 *
 *   node tools/assets.mjs [FOLDER]     builds into FOLDER (default forum/static/built)
 *   node tools/assets.mjs --vendor     refreshes forum/static/vendor from node_modules
 *
 * The result is committed, so nobody needs Node to run Roundtext, and tests/test_assets.py proves that it is what these
 * sources make. esbuild is deterministic for one version, and package-lock.json pins the version.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "forum/static");

/** One bundle per kind of page, so that each loads a single script. */
const ENTRIES = ["live", "console", "audience", "site", "embed", "frame", "replay"];

/** What every page needs, what all but the live page need, what the console needs, and what paper needs. */
const SHEETS = ["style", "pages", "console", "print"];

/** The oldest browsers we serve: those that know ES2020, and cascade layers in the style sheet. */
const SCRIPT_TARGET = "es2020";
const STYLE_TARGET = ["chrome99", "firefox97", "safari15.4"];

const NOTICE = "/*! Roundtext, MIT. The licence of the library inside: /static/vendor/ */";

/** @param {string} folder */
async function bundle(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const present = new Set(await readdir(join(source, "js")));
  const common = { bundle: true, minify: true, charset: "utf8", legalComments: "eof", logLevel: "warning" };
  await build({
    ...common,
    absWorkingDir: root,
    entryPoints: ENTRIES.filter((name) => present.has(`${name}.js`)).map((name) => join(source, "js", `${name}.js`)),
    outdir: folder,
    format: "esm",
    target: SCRIPT_TARGET,
    banner: { js: NOTICE },
  });
  await build({
    ...common,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(SHEETS.map((name) => [name, join(source, "css", `${name}.css`)])),
    outdir: folder,
    target: STYLE_TARGET,
    // Pictures and fonts stay files of their own: the browser fetches them when it needs them.
    external: ["*.svg", "*.png", "*.webp", "*.woff2"],
  });
}

/** Copies the library we ship, minified, with its licence. */
async function vendor() {
  const folder = join(source, "vendor");
  const modules = join(root, "node_modules");
  await mkdir(folder, { recursive: true });

  const version = JSON.parse(await readFile(join(modules, "idiomorph/package.json"), "utf8")).version;
  const idiomorph = await readFile(join(modules, "idiomorph/dist/idiomorph.esm.js"), "utf8");
  const { code } = await transform(idiomorph, { minify: true, format: "esm", target: SCRIPT_TARGET, charset: "utf8" });
  await writeFile(join(folder, "idiomorph.esm.js"), `/*! idiomorph v${version}, 0BSD */\n${code}`);
  await cp(join(modules, "idiomorph/LICENSE"), join(folder, "idiomorph.LICENSE.txt"));
}

const [argument] = process.argv.slice(2);
await (argument === "--vendor" ? vendor() : bundle(argument ?? join(source, "built")));
