// What stays in this browser, under keys of our own. Without localStorage everything works until the page is closed.

// Of several viewers below one address each has its own
const folder = new URL(".", location.href).pathname;
const PREFIX = `tiktok-retrieval:${folder === "/" ? "" : folder}`;
const memory = new Map();

export function load(key, otherwise) {
  try {
    const text = memory.get(key) ?? localStorage.getItem(PREFIX + key);
    return text === null || text === undefined ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function keep(key, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + key, text);
    memory.delete(key);
  } catch {
    memory.set(key, text); // full, or forbidden
  }
}

export function drop(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // forbidden: there is nothing
  }
}

/** Call back when another tab of this browser changes a key. */
export function onChange(key, act) {
  addEventListener("storage", (event) => {
    if (event.key === PREFIX + key) act();
  });
}

/** Random hexadecimal digits. */
export function randomHex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A random id in the form of a UUID; crypto.randomUUID is missing where a page comes without TLS. */
export function randomId() {
  const hex = randomHex(16);
  const variant = "89ab"[parseInt(hex[16], 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
