// Copies the built files of front-end libraries from node_modules to static/vendor, so that a site needs no Node.
//
// package.json names them under "vendor": {"<package>": ["<file inside the package>", …]}. Each library gets
// static/vendor/<package>/ with those files, its licence and its version; a folder that is no longer named goes.

import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const vendor = path.join(root, "static", "vendor");
const wanted = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")).vendor ?? {};

const folderOf = (name) => name.replace(/^@/, "").replace("/", "-");

async function copy(name, files) {
  const source = path.join(root, "node_modules", name);
  const target = path.join(vendor, folderOf(name));
  const { version } = JSON.parse(await readFile(path.join(source, "package.json"), "utf8"));
  const licences = (await readdir(source)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  if (licences.length === 0) throw new Error(`${name} has no licence file`);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  for (const file of [...files, ...licences]) {
    const from = path.resolve(source, file);
    if (!from.startsWith(source + path.sep)) throw new Error(`${file} lies outside of ${name}`);
    const to = path.join(target, path.basename(file));
    await cp(from, to);
    // Of source maps that are not taken along nothing may speak: collectstatic looks for them.
    if (file.endsWith(".js")) await writeFile(to, (await readFile(to, "utf8")).replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
  }
  await writeFile(path.join(target, "VERSION"), `${name} ${version}\n`);
  console.log(`${name} ${version}: ${files.length} files`);
}

await mkdir(vendor, { recursive: true });
const kept = new Set(Object.keys(wanted).map(folderOf));
for (const entry of await readdir(vendor, { withFileTypes: true })) {
  if (entry.isDirectory() && !kept.has(entry.name)) {
    await rm(path.join(vendor, entry.name), { recursive: true });
    console.log(`${entry.name}: removed`);
  }
}
for (const [name, files] of Object.entries(wanted)) await copy(name, files);
