/** Where the chat element comes from, and with it its icons and the server that its chat grants are for. */

let server = new URL(import.meta.url).origin;
// In a constant of its own: a bundler takes an address that stands in the call for a file of the source.
const HERE = "./";
let assets = new URL(HERE, import.meta.url).href;

export function ownServer(): string {
  return server;
}

/** The address of a file that the build put beside the scripts. */
export function assetAddress(file: string): string {
  return assets + file;
}

/** For pages that bundle the element themselves: names the server, such as `https://chat.example.org`. */
export function setServer(address: string): void {
  server = new URL(address, document.baseURI).origin;
  assets = `${server}/assets/`;
}
