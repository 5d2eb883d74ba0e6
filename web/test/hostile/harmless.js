/** What a drawing of hostile text may never have in it. Run in Chromium and in the tests of `web/`. */

const FORBIDDEN =
  "script,iframe,frame,frameset,object,embed,base,meta,link,applet,portal,template,noscript,foreignObject,animate,animateTransform,set,use,image,feImage,discard,handler,maction,mglyph,annotation-xml,audio,video,source,track,area,map,dialog,marquee,keygen";
const LINKS = new Set(["https:", "http:", "mailto:", "chatkit-link:"]);
const LOADED =
  /^(?:src|srcset|srcdoc|data|poster|background|ping|action|formaction|manifest|codebase|dynsrc|lowsrc)$/;
const OWN_ELEMENT = /^orcheo-(?:chat|composer|history|icon|widget|edit)$/;
const RASTER = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/i;

/** Every element under `root`, through open shadow roots. */
function elementsIn(root) {
  return [...root.querySelectorAll("*")].flatMap((element) => [
    element,
    ...(element.shadowRoot === null ? [] : elementsIn(element.shadowRoot)),
  ]);
}

/** What is wrong with the drawing, each once. */
export function faultsIn(root, origin) {
  return [...new Set(elementsIn(root).flatMap((element) => faultsOf(element, origin)))];
}

function faultsOf(element, origin) {
  const name = element.localName;
  const attributes = [...element.attributes].flatMap((each) => attributeFaults(element, each, origin));
  const isForeign = name.includes("-") && !OWN_ELEMENT.test(name) && name !== "openai-chatkit";
  const isStyle = name === "style" && !(element.getRootNode() === element.parentNode);
  const isForbidden = element.matches(FORBIDDEN) || isForeign || isStyle;
  return isForbidden ? [`an element ${name}`, ...attributes] : attributes;
}

function attributeFaults(element, { name, value }, origin) {
  const fault = `${element.localName}[${name}]=${value.slice(0, 120)}`;
  if (/^on/i.test(name)) return [fault];
  if (/^(?:xlink:)?href$/i.test(name)) return isLink(value) && element.localName === "a" ? [] : [fault];
  if (name === "style") return hasForeignAddress(value, origin) ? [fault] : [];
  if (!LOADED.test(name)) return [];
  return element.localName === "img" && name === "src" && isOwnImage(value, origin) ? [] : [fault];
}

function isLink(address) {
  return URL.canParse(address) && LINKS.has(new URL(address).protocol);
}

function isOwnImage(address, origin) {
  return RASTER.test(address) || (URL.canParse(address) && new URL(address).origin === origin);
}

/** Icons of the element's own are the only addresses in styles. */
function hasForeignAddress(style, origin) {
  const addresses = [...style.matchAll(/url\(\s*["']?([^"')]*)/gi)].map(([, address]) => address);
  return addresses.some(
    (address) => !URL.canParse(address, origin) || new URL(address, origin).origin !== origin,
  );
}
