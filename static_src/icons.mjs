// One SVG sprite of the icons named in icons.txt; templates draw them with {% icon "name" %}.
export async function icons(names, read) {
  const symbols = await Promise.all(names.map(async (name) => {
    const source = await read(name).catch(() => { throw new Error(`icons.txt names "${name}", which @tabler/icons does not have`); });
    const shapes = source.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" `
      + `stroke-linecap="round" stroke-linejoin="round">${shapes.replace(/\s*\n\s*/g, "")}</symbol>`;
  }));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}
