// Makes static/vendor/ (git-ignored) from node_modules: only files that are served, no source maps, no whole dist folder
// (a manifest storage would stumble over references to files that nobody serves). Run by `npm run build`.
import { mkdir, readFile, readdir, rm, writeFile, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { appIcon } from "./app_icon.mjs";
import { stateCounties } from "./counties.mjs";
import { countyPaths } from "./county_paths.mjs";
import { icons } from "./icons.mjs";
import { subset } from "./tabler.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "node_modules");
const vendor = join(here, "..", "static", "vendor");
const text = (...path) => readFile(join(modules, ...path), "utf8");
const withoutMap = (source) => source.replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*?(\*\/)?\s*$/, "\n");
const write = (name, content) => writeFile(join(vendor, name), content);

await rm(vendor, { recursive: true, force: true });
await mkdir(join(vendor, "counties"), { recursive: true });
await mkdir(join(vendor, "county_paths"), { recursive: true });
await mkdir(join(vendor, "images"), { recursive: true });

const tabler = subset(await text("@tabler", "core", "dist", "css", "tabler.css"));
await write("tabler.css", (await transform(tabler, { loader: "css", minify: true, legalComments: "inline" })).code);
await write("htmx.js", withoutMap(await text("htmx.org", "dist", "htmx.min.js")));
await write("leaflet.js", withoutMap(await text("leaflet", "dist", "leaflet.js")));
await write("leaflet.css", (await transform(await text("leaflet", "dist", "leaflet.css"), { loader: "css", minify: true })).code);
await write("topojson-client.js", withoutMap(await text("topojson-client", "dist", "topojson-client.min.js")));
for (const image of await readdir(join(modules, "leaflet", "dist", "images"))) {
  await copyFile(join(modules, "leaflet", "dist", "images", image), join(vendor, "images", image));
}
await build({
  entryPoints: [join(here, "echarts.mjs")], outfile: join(vendor, "echarts.js"),
  bundle: true, minify: true, format: "iife", target: "es2020", legalComments: "none", logLevel: "warning",
});
for (const [name, size, how] of [
  ["app-192.png", 192], ["app-512.png", 512], ["app-maskable-512.png", 512, { corner: 0, scale: 0.8 }], ["app-touch-180.png", 180, { corner: 0 }],
]) await write(name, appIcon(size, how));
// Our own scripts and styles as prm.statics deploys them; while developing they are served as written.
for (const loader of ["js", "css"]) {
  const sources = join(here, "..", "static", loader);
  await mkdir(join(vendor, "short", loader), { recursive: true });
  for (const name of await readdir(sources)) {
    const source = await readFile(join(sources, name), "utf8");
    await write(join("short", loader, name), (await transform(source, { loader, minify: true, charset: "utf8" })).code);
  }
}
const names = (await readFile(join(here, "icons.txt"), "utf8")).split("\n").filter(Boolean);
await write("icons.svg", await icons(names, (name) => text("@tabler", "icons", "icons", "outline", `${name}.svg`)));
for (const [state, topology] of stateCounties(JSON.parse(await text("us-atlas", "counties-10m.json")))) {
  await write(join("counties", `${state}.json`), JSON.stringify(topology));
}
for (const [state, counties] of countyPaths(JSON.parse(await text("us-atlas", "counties-albers-10m.json")))) {
  await write(join("county_paths", `${state}.json`), JSON.stringify(counties));
}
