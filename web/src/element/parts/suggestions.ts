/** The list that opens while the visitor writes `@` or `/`: what there is to name or to do. */

import type { ChatKitOptions, Command, Entity } from "@openai/chatkit";
import {
  html,
  nothing,
  type ReactiveController,
  type ReactiveControllerHost,
  type TemplateResult,
} from "lit";
import { laterStrings } from "../strings-later.ts";

export interface SuggestionOptions {
  entities: ChatKitOptions["entities"];
  commands: ChatKitOptions["commands"];
  /** Commands of the composer itself. */
  builtIn: readonly (Command & { run: () => void })[];
}

export interface SuggestionTarget {
  /** Puts an entity in the place of the characters from `start` to the caret; null takes them away. */
  put(start: number, entity: Entity | null): void;
}

type Row = { kind: "entity"; entity: Entity } | { kind: "command"; command: Command; run?: () => void };

const ASKS = /(?:^|\s)([@/])([^\s@/]*(?: [^\s@/]+)?)$/u;
const DELAY = 120;

export class Suggestions implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #target: SuggestionTarget;
  options: SuggestionOptions = { entities: undefined, commands: undefined, builtIn: [] };
  #rows: readonly Row[] = [];
  #active = 0;
  #start = 0;
  #asked = 0;

  constructor(host: ReactiveControllerHost, target: SuggestionTarget) {
    this.#host = host;
    this.#target = target;
    host.addController(this);
  }

  get isOpen(): boolean {
    return this.#rows.length > 0;
  }

  /** Id of the row that Enter would take, for `aria-activedescendant`. */
  get activeId(): string | typeof nothing {
    return this.isOpen ? `suggestion-${this.#active}` : nothing;
  }

  hostDisconnected(): void {
    this.close();
  }

  /** Looks at the text before the caret. */
  async written(before: string): Promise<void> {
    const asked = ++this.#asked;
    const found = ASKS.exec(before);
    const [, sign, query = ""] = found ?? [];
    const search = this.#searchFor(sign, query, before);
    if (found === null || search === null) return this.#show([]);
    await new Promise((resolve) => setTimeout(resolve, DELAY));
    if (asked !== this.#asked) return;
    const rows = await search().catch(() => []);
    if (asked !== this.#asked) return;
    this.#start = before.length - query.length - 1;
    this.#show(rows);
  }

  close(): void {
    this.#asked += 1;
    this.#show([]);
  }

  /** Whether the key was for the list. */
  keyPressed(key: KeyboardEvent): boolean {
    if (!this.isOpen || key.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key.key];
    if (step !== undefined) this.#move(step);
    else if (key.key === "Enter" || key.key === "Tab") void this.#take(this.#rows[this.#active]);
    else if (key.key === "Escape") this.close();
    else return false;
    key.preventDefault();
    key.stopPropagation();
    return true;
  }

  template(): TemplateResult | typeof nothing {
    if (!this.isOpen) return nothing;
    let group = "";
    return html`<div class="suggestions" id="suggestions" role="listbox" aria-label=${laterStrings.suggestions}>
      ${this.#rows.map((row, index) => {
        const named = (row.kind === "entity" ? row.entity.group : row.command.group) ?? "";
        const heading = named !== group ? html`<p class="group" role="presentation">${named}</p>` : nothing;
        group = named;
        return [heading, this.#rowTemplate(row, index)];
      })}
    </div>`;
  }

  #rowTemplate(row: Row, index: number): TemplateResult {
    const icon = row.kind === "entity" ? row.entity.icon : row.command.icon;
    const label = row.kind === "entity" ? row.entity.title : row.command.label;
    const hint = row.kind === "command" ? row.command.description : undefined;
    return html`<div
      class="row"
      role="option"
      id=${`suggestion-${index}`}
      aria-selected=${index === this.#active}
      @mousedown=${(press: MouseEvent) => press.preventDefault()}
      @click=${() => void this.#take(row)}
    >
      ${icon ? html`<orcheo-icon name=${icon}></orcheo-icon>` : nothing}
      <span dir="auto">${label}</span>${hint ? html`<small dir="auto">${hint}</small>` : nothing}
    </div>`;
  }

  #searchFor(sign: string | undefined, query: string, before: string): (() => Promise<Row[]>) | null {
    const { entities, commands, builtIn } = this.options;
    const { onTagSearch } = entities ?? {};
    if (sign === "@" && onTagSearch)
      return async () => (await onTagSearch(query)).map((entity) => ({ kind: "entity", entity }));
    if (sign !== "/" || !commands?.enabled || before.trimStart().length !== query.length + 1) return null;
    const wanted = query.toLocaleLowerCase();
    const own = builtIn
      .filter(({ label }) => label.toLocaleLowerCase().includes(wanted))
      .map(({ run, ...command }): Row => ({ kind: "command", command, run }));
    return async () => {
      const found = (await commands.onSearch?.(query)) ?? [];
      return [...found.map((command): Row => ({ kind: "command", command })), ...own];
    };
  }

  async #take(row: Row | undefined): Promise<void> {
    if (row === undefined) return;
    const start = this.#start;
    if (row.kind === "entity") {
      this.close();
      return this.#target.put(start, row.entity);
    }
    if (row.run) {
      this.close();
      this.#target.put(start, null);
      return row.run();
    }
    const asked = ++this.#asked;
    const selection = await this.options.commands?.onSelect?.(row.command).catch(() => undefined);
    if (asked !== this.#asked) return;
    if (selection?.type === "menu")
      return this.#show(selection.commands.map((command) => ({ kind: "command", command })));
    this.close();
    this.#target.put(start, selection?.type === "entity" ? selection.entity : null);
  }

  #move(step: number): void {
    this.#active = (this.#active + step + this.#rows.length) % this.#rows.length;
    this.#host.requestUpdate();
  }

  #show(rows: readonly Row[]): void {
    if (rows.length === 0 && !this.isOpen) return;
    this.#rows = rows;
    this.#active = 0;
    this.#host.requestUpdate();
  }
}
