// Which source a page has: the server that sent it, or the files of an export.

export async function sourceFor(settings) {
  if (settings.source === "files") return new (await import("./exported.js")).ExportSource(settings);
  return new (await import("./source.js")).ServerSource();
}
