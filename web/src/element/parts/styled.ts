/** Sets style properties through the object model, which a content security policy without 'unsafe-inline' allows. */

import { nothing } from "lit";
import { Directive, directive, type ElementPart } from "lit/directive.js";

export type Styles = Readonly<Record<string, string | undefined>>;

class StyledDirective extends Directive {
  #names = new Set<string>();

  override render(_styles: Styles): unknown {
    return nothing;
  }

  override update(part: ElementPart, [styles]: [Styles]): unknown {
    const { style } = part.element as HTMLElement;
    const given = Object.entries(styles).filter((each): each is [string, string] => each[1] !== undefined);
    const names = new Set(given.map(([name]) => name));
    for (const name of this.#names) if (!names.has(name)) style.removeProperty(name);
    for (const [name, value] of given) style.setProperty(name, value);
    this.#names = names;
    return nothing;
  }
}

/** Used in the place of an attribute: `<div ${styled({ color: "red" })}>`. */
export const styled = directive(StyledDirective);
