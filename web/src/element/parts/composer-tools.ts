/** What a composer has besides its field: files, tools, models, things to name, commands, dictation. Fetched on demand. */

import type { Entity, ToolOption } from "@openai/chatkit";
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import { spokenLanguage } from "../language.ts";
import type { UserContent, UserInput, WireAttachment } from "../protocol/wire.ts";
import { fill } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import type { ComposerSetup, ComposerValue } from "./composer.ts";
import { Dictation } from "./dictation.ts";
import { FileDrop } from "./file-drop.ts";
import { iconTemplate } from "./icon.ts";
import { Suggestions } from "./suggestions.ts";
import { Uploads } from "./uploads.ts";

export { composerToolStyles } from "../styles/composer-tools.ts";

const LONGEST_QUOTE = /^.{0,2000}/su;

/** The composer around the tools. */
export interface Desk extends ReactiveControllerHost {
  readonly setup: ComposerSetup;
  readonly text: string;
  readonly field: HTMLTextAreaElement | null;
  /** What the composer is in. */
  readonly place: Node;
  write(text: string): void;
  /** Shows a sentence below the field. */
  say(sentence: string): void;
  focusField(): void;
  toolChosen(toolId: string | null): void;
}

export class ComposerTools {
  readonly #desk: Desk;
  readonly #uploads: Uploads;
  readonly #suggestions: Suggestions;
  readonly #dictation: Dictation;
  /** Things that were named, by the text that stands for them. */
  readonly #tags = new Map<string, Extract<UserContent, { type: "input_tag" }>>();
  #toolId: string | null = null;
  #modelId: string | null = null;
  #quote = "";
  #isMenuOpen = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    const say = (sentence: string) => desk.say(sentence);
    this.#uploads = new Uploads(() => desk.requestUpdate(), say);
    this.#suggestions = new Suggestions(desk, { put: (start, entity) => this.#put(start, entity) });
    this.#dictation = new Dictation(desk, {
      heard: (text) => desk.write(desk.text.trim() === "" ? text : `${desk.text.trimEnd()} ${text}`),
      failed: say,
    });
    const takesFiles = () => desk.setup.option.attachments?.enabled === true;
    desk.addController(
      new FileDrop(
        () => desk.place,
        takesFiles,
        (files) => this.add(files),
      ),
    );
  }

  get isSending(): boolean {
    return this.#uploads.isSending;
  }

  get hasFiles(): boolean {
    return this.#uploads.sent.length > 0;
  }

  get placeholder(): string | undefined {
    return this.#tool?.placeholderOverride;
  }

  get activeId(): string | typeof nothing {
    return this.#suggestions.activeId;
  }

  /** Changes what is given, and leaves the rest of what the visitor has chosen. */
  setValue({ content, reply, attachments, files, selectedToolId, selectedModelId }: ComposerValue): void {
    if (content !== undefined) this.#desk.write(this.#textOf(content));
    if (reply !== undefined) this.#quote = shortened(reply);
    if (attachments !== undefined) this.#uploads.set(attachments);
    if (files !== undefined) this.add(files);
    if (selectedToolId !== undefined) this.#choose(selectedToolId);
    if (selectedModelId !== undefined) this.#modelId = selectedModelId;
    this.#desk.requestUpdate();
  }

  /** What goes with a text that is sent now; afterwards the composer is as before it was written. */
  take(text: string): { input: UserInput; attachments: readonly WireAttachment[] } {
    const attachments = this.#uploads.sent;
    const model = this.model;
    const input: UserInput = {
      content: this.#content(text),
      attachments: attachments.map(({ id }) => id),
      ...(this.#quote === "" ? {} : { quoted_text: this.#quote }),
      inference_options: {
        ...(model === null ? {} : { model }),
        ...(this.#toolId === null ? {} : { tool_choice: { id: this.#toolId } }),
      },
    };
    this.close();
    this.#tags.clear();
    this.#uploads.taken();
    this.#quote = "";
    if (!this.#tool?.persistent) this.#choose(null);
    return { input, attachments };
  }

  close(): void {
    this.#suggestions.close();
  }

  written(before: string): void {
    const { entities, commands } = this.#desk.setup;
    this.#suggestions.options = { entities, commands, builtIn: this.#builtInCommands() };
    void this.#suggestions.written(before);
  }

  /** Whether the key was for the list that is open. */
  keyPressed(key: KeyboardEvent): boolean {
    return this.#suggestions.keyPressed(key);
  }

  /** What stands above the field. */
  above(): TemplateResult {
    return html`${this.#suggestions.template()} ${this.#quoteTemplate()} ${this.#filesTemplate()}`;
  }

  /** What stands beside the button that sends. */
  beside(): TemplateResult | typeof nothing {
    const { option, client } = this.#desk.setup;
    return option.dictation?.enabled && client ? this.#dictation.template(client) : nothing;
  }

  below(): TemplateResult {
    const tools = this.#desk.setup.option.tools ?? [];
    return html`<div class="tools">
      ${this.#menuTemplate()} ${this.#entityButton()}
      ${tools.filter(({ pinned }) => pinned).map((tool) => this.#toolButton(tool))} ${this.#chosenTemplate()}
      ${this.#modelTemplate()}
    </div>`;
  }

  #quoteTemplate(): TemplateResult | typeof nothing {
    if (this.#quote === "") return nothing;
    return html`<div class="quote">
      <blockquote dir="auto">${this.#quote}</blockquote>
      ${iconButton("close", laterStrings.removeQuote, () => this.setValue({ reply: "" }))}
    </div>`;
  }

  #filesTemplate(): TemplateResult | typeof nothing {
    const { client, uploadStrategy } = this.#desk.setup;
    if (this.#uploads.all.length === 0 || client === null) return nothing;
    return html`<ul class="files" aria-label=${laterStrings.attachments}>
      ${this.#uploads.all.map(
        ({ key, name, status, progress, preview }) =>
          html`<li data-status=${status}>
            ${preview === null ? html`<orcheo-icon name="document"></orcheo-icon>` : html`<img src=${preview} alt="" />`}
            <span dir="auto">${name}</span>
            ${status === "sending" ? html`<span class="spoken-only">${laterStrings.uploading}</span>${progress === null ? nothing : html`<span class="part">${percent(progress)}</span>`}<i class="spinner"></i>` : nothing}
            ${status === "failed" ? iconButton("reload", fill(laterStrings.uploadAgain, { name }), () => this.#uploads.retry(key, client, uploadStrategy)) : nothing}
            ${iconButton("close", fill(laterStrings.removeFile, { name }), () => this.#uploads.remove(key, client))}
          </li>`,
      )}
    </ul>`;
  }

  /** Files and tools; nothing where there are none to choose. */
  #menuTemplate(): TemplateResult | typeof nothing {
    const commands = this.#builtInCommands().filter(({ id }) => !this.#isPinned(id));
    if (commands.length === 0) return nothing;
    const menu = html`<div class="menu" role="menu" aria-label=${laterStrings.more} @keydown=${(key: KeyboardEvent) => this.#menuKeyPressed(key)}>
      ${commands.map(
        ({ label, icon, run }) =>
          html`<button type="button" role="menuitem" @click=${() => this.#closeMenu(run)}>
            <orcheo-icon name=${icon}></orcheo-icon><span dir="auto">${label}</span>
          </button>`,
      )}
    </div>`;
    return html`<span class="anchor" @focusout=${(focus: FocusEvent) => this.#menuLeft(focus)}>
      <button
        type="button"
        class="bare"
        aria-haspopup="menu"
        aria-expanded=${this.#isMenuOpen}
        aria-label=${laterStrings.more}
        title=${laterStrings.more}
        @click=${() => this.#toggleMenu()}
      >
        <orcheo-icon name="plus"></orcheo-icon>
      </button>
      ${this.#isMenuOpen ? menu : nothing}
    </span>`;
  }

  #builtInCommands() {
    const { option, client } = this.#desk.setup;
    const attach = {
      id: "attach",
      label: laterStrings.attachFiles,
      icon: "lucide:paperclip",
      run: () => this.#pick(),
    };
    const tools = (option.tools ?? []).map(({ id, label, icon }) => ({
      id,
      label,
      icon,
      run: () => this.#choose(id),
    }));
    return [
      ...(option.attachments?.enabled && client !== null
        ? [attach as typeof attach & { icon: "lucide:paperclip" }]
        : []),
      ...tools,
    ];
  }

  #isPinned(id: string): boolean {
    return this.#desk.setup.option.tools?.some((tool) => tool.id === id && tool.pinned) ?? false;
  }

  #entityButton(): TemplateResult | typeof nothing {
    const { entities } = this.#desk.setup;
    if (!entities?.showComposerMenu || !entities.onTagSearch) return nothing;
    return html`<button type="button" class="bare" aria-label=${laterStrings.mention} title=${laterStrings.mention} @click=${() => this.#mention()}>
      <orcheo-icon name="lucide:at-sign"></orcheo-icon>
    </button>`;
  }

  #toolButton({ id, label, shortLabel, icon }: ToolOption): TemplateResult {
    const isChosen = id === this.#toolId;
    return html`<button type="button" class="chip" aria-pressed=${isChosen} title=${label} @click=${() => this.#choose(isChosen ? null : id)}>
      <orcheo-icon name=${icon}></orcheo-icon><span dir="auto">${shortLabel ?? label}</span>
    </button>`;
  }

  /** The chosen tool, where no button shows it already. */
  #chosenTemplate(): TemplateResult | typeof nothing {
    const tool = this.#tool;
    return tool === undefined || tool.pinned ? nothing : this.#toolButton(tool);
  }

  #modelTemplate(): TemplateResult | typeof nothing {
    const models = this.#desk.setup.option.models ?? [];
    if (models.length === 0) return nothing;
    const chosen = (change: Event) =>
      this.setValue({ selectedModelId: (change.target as HTMLSelectElement).value });
    return html`<select class="chip" aria-label=${laterStrings.model} @change=${chosen}>
      ${models.map(
        ({ id, label, description, disabled }) =>
          html`<option value=${id} ?disabled=${disabled} ?selected=${id === this.model} title=${description ?? nothing}>${label}</option>`,
      )}
    </select>`;
  }

  get #tool(): ToolOption | undefined {
    return this.#desk.setup.option.tools?.find(({ id }) => id === this.#toolId);
  }

  /** The model that a message of now is for. */
  get model(): string | null {
    const models = this.#desk.setup.option.models ?? [];
    const chosen = models.find(({ id }) => id === this.#modelId);
    return (
      (chosen ?? models.find((each) => each.default) ?? models.find((each) => !each.disabled))?.id ?? null
    );
  }

  /** The text in pieces, with the named things in their places. */
  #content(text: string): UserContent[] {
    const places = [...this.#tags.keys()].sort((one, other) => other.length - one.length).map(escaped);
    const pieces = places.length === 0 ? [text] : text.split(new RegExp(`(${places.join("|")})`, "u"));
    return pieces
      .filter((piece) => piece !== "")
      .map((piece) => this.#tags.get(piece) ?? { type: "input_text", text: piece });
  }

  #textOf(content: readonly UserContent[]): string {
    return content
      .map((part) => {
        if (part.type === "input_text") return part.text;
        this.#tags.set(`@${part.text}`, part);
        return `@${part.text}`;
      })
      .join("");
  }

  #put(start: number, entity: Entity | null): void {
    const field = this.#desk.field;
    if (field === null) return;
    const { title, id, group, data, interactive } = entity ?? { title: "", id: "" };
    const place = entity === null ? "" : `@${title}`;
    if (entity !== null) {
      const known = {
        ...(group === undefined ? {} : { group }),
        ...(interactive === undefined ? {} : { interactive }),
      };
      this.#tags.set(place, { type: "input_tag", id, text: title, data: data ?? {}, ...known });
    }
    const after = field.value.slice(field.selectionStart);
    const before = field.value.slice(0, start) + place + (entity === null ? "" : " ");
    this.#desk.write(before + after.trimStart());
    void this.#desk.updateComplete.then(() => field.setSelectionRange(before.length, before.length));
  }

  #mention(): void {
    const text =
      this.#desk.text === "" || /\s$/.test(this.#desk.text) ? `${this.#desk.text}@` : `${this.#desk.text} @`;
    this.#desk.write(text);
    this.#desk.focusField();
    void this.#desk.updateComplete.then(() => this.#desk.field?.setSelectionRange(text.length, text.length));
    this.written(text);
  }

  #choose(toolId: string | null): void {
    if (toolId === this.#toolId) return;
    this.#toolId = toolId;
    this.#desk.toolChosen(toolId);
    this.#desk.requestUpdate();
  }

  #toggleMenu(): void {
    this.#isMenuOpen = !this.#isMenuOpen;
    this.#desk.requestUpdate();
    if (this.#isMenuOpen)
      void this.#desk.updateComplete.then(() =>
        this.#desk.field?.form?.querySelector<HTMLElement>("[role=menuitem]")?.focus(),
      );
  }

  #closeMenu(then: () => void): void {
    this.#isMenuOpen = false;
    this.#desk.requestUpdate();
    this.#desk.focusField();
    then();
  }

  #menuLeft(focus: FocusEvent): void {
    const anchor = focus.currentTarget as HTMLElement;
    if (anchor.contains(focus.relatedTarget as Node | null) || !this.#isMenuOpen) return;
    this.#isMenuOpen = false;
    this.#desk.requestUpdate();
  }

  #menuKeyPressed(key: KeyboardEvent): void {
    if (key.key === "Escape") {
      key.stopPropagation();
      this.#closeMenu(() => undefined);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[key.key];
    if (step === undefined) return;
    key.preventDefault();
    const rows = [...(key.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=menuitem]")];
    const at = rows.indexOf(key.target as HTMLElement);
    rows.at((at + step) % rows.length)?.focus();
  }

  #pick(): void {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.multiple = (this.#desk.setup.option.attachments?.maxCount ?? 2) > 1;
    const accept = Object.entries(this.#desk.setup.option.attachments?.accept ?? {});
    picker.accept = accept.flatMap(([type, endings]) => [type, ...endings]).join(",");
    picker.addEventListener("change", () => this.add(picker.files ?? []));
    picker.click();
  }

  add(files: Iterable<File>): void {
    const { option, client, uploadStrategy } = this.#desk.setup;
    if (!option.attachments?.enabled || client === null) return;
    this.#desk.say("");
    this.#uploads.add(files, option.attachments, client, uploadStrategy);
  }

  pasted(paste: ClipboardEvent): void {
    const files = [...(paste.clipboardData?.files ?? [])];
    if (files.length === 0 || !this.#desk.setup.option.attachments?.enabled) return;
    paste.preventDefault();
    this.add(files);
  }
}

function iconButton(icon: string, label: string, act: () => void): TemplateResult {
  return html`<button type="button" class="bare" aria-label=${label} title=${label} @click=${act}>
    ${iconTemplate(icon)}
  </button>`;
}

/** What is quoted, whether selected or given by the page; a cut never falls into a character. */
function shortened(quote: string): string {
  const [start = ""] = LONGEST_QUOTE.exec(quote) ?? [];
  return start.length < quote.length ? `${start}…` : quote;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function percent(part: number): string {
  return part.toLocaleString(spokenLanguage().locale, { style: "percent" });
}
