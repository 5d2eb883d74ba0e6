/** `<orcheo-composer>`: where a message is written, sent and stopped. */

import type { ChatKitOptions, ComposerOption, FileUploadStrategy } from "@openai/chatkit";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { type Language, speak, spokenLanguage } from "../language.ts";
import type { ChatClient } from "../protocol/chat-client.ts";
import { textInput, type UserContent, type UserInput, type WireAttachment } from "../protocol/wire.ts";
import { fill, strings } from "../strings.ts";
import { composerStyles } from "../styles/composer.ts";
import { controlStyles } from "../styles/controls.ts";
import { partStyles } from "../styles/parts.ts";
import type { ComposerTools, Desk } from "./composer-tools.ts";
import { sendIcon, stopIcon } from "./icons.ts";
import "./icon.ts";

const NEAR_LIMIT = 500;

/** What the composer can do at the moment; `waiting`: write, but not send yet; `closed`: read and copy what is written. */
export type ComposerMode = "ready" | "waiting" | "answering" | "unstoppable" | "closed";

/** What the page wants of the composer, and where it sends files. */
export interface ComposerSetup {
  option: ComposerOption;
  entities: ChatKitOptions["entities"];
  commands: ChatKitOptions["commands"];
  client: ChatClient | null;
  uploadStrategy: FileUploadStrategy;
}

/** What a page may put into the composer (ChatKit's `setComposerValue`). */
export interface ComposerValue {
  text?: string;
  content?: readonly UserContent[];
  reply?: string;
  attachments?: readonly WireAttachment[];
  files?: readonly File[];
  selectedToolId?: string | null;
  selectedModelId?: string;
}

export interface Written {
  input: UserInput;
  attachments: readonly WireAttachment[];
}

const PLAIN: ComposerSetup = {
  option: {},
  entities: undefined,
  commands: undefined,
  client: null,
  uploadStrategy: { type: "two_phase" },
};

export class OrcheoComposer extends LitElement {
  static override styles = [controlStyles, partStyles, composerStyles];
  static override properties = {
    language: { attribute: false },
    mode: { attribute: false },
    limit: { attribute: false },
    placeholder: { attribute: false },
    setup: { attribute: false },
  };
  static override shadowRootOptions: ShadowRootInit = { mode: "open", delegatesFocus: true };

  declare language: Language;
  declare mode: ComposerMode;
  /** Characters that a message may have. */
  declare limit: number;
  declare placeholder: string;
  declare setup: ComposerSetup;
  #text = "";
  #note = "";
  #tools: ComposerTools | null = null;
  #arriving: Promise<ComposerTools> | null = null;
  readonly #desk: Desk = deskOf(this, {
    write: (text) => this.#write(text),
    say: (sentence) => this.#say(sentence),
  });

  constructor() {
    super();
    this.language = spokenLanguage();
    this.mode = "closed";
    this.limit = Number.POSITIVE_INFINITY;
    this.placeholder = strings.messagePlaceholder;
    this.setup = PLAIN;
  }

  get text(): string {
    return this.#text;
  }

  /** The model that is chosen, where there are some. */
  get model(): string | null {
    return this.#tools?.model ?? null;
  }

  /** Sends what is written, whatever the mode says. */
  submit(): void {
    this.mode = "ready";
    this.#send();
  }

  /** Puts a draft into the field. */
  restore(text: string): void {
    this.#text = text;
    this.requestUpdate();
  }

  /** Changes what is given, and leaves the rest of what the visitor has written. */
  async setValue(value: ComposerValue): Promise<void> {
    const { text, ...more } = value;
    if (text !== undefined && value.content === undefined) this.#write(text);
    if (Object.keys(more).length > 0) (await this.#arrival()).setValue(value);
    await this.updateComplete;
  }

  get field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector("textarea");
  }

  focusField(): void {
    this.field?.focus();
  }

  override willUpdate(): void {
    speak(this.language);
    if (isMoreThanText(this.setup)) this.#arrival().catch(() => {});
  }

  /** What is more than a field of text is fetched when the page, or something that it puts here, needs it. */
  #arrival(): Promise<ComposerTools> {
    this.#arriving ??= this.#fetchTools().catch((error) => {
      this.#arriving = null;
      throw error;
    });
    return this.#arriving;
  }

  async #fetchTools(): Promise<ComposerTools> {
    const { ComposerTools: Tools, composerToolStyles } = await import("./composer-tools.ts");
    const sheet = composerToolStyles.styleSheet;
    if (sheet !== undefined) (this.renderRoot as ShadowRoot).adoptedStyleSheets.push(sheet);
    this.#tools = new Tools(this.#desk);
    this.#search();
    this.requestUpdate();
    return this.#tools;
  }

  override render(): TemplateResult {
    const over = this.#charactersOver();
    const tools = this.#tools;
    return html`<form class="composer" @submit=${this.#submitted}>
      ${tools?.above()}
      <textarea
        rows="1"
        dir=${this.#text === "" ? this.language.dir : "auto"}
        enterkeyhint="send"
        aria-label=${strings.messageLabel}
        aria-describedby="limit"
        aria-invalid=${over > 0}
        aria-autocomplete=${tools === null ? nothing : "list"}
        aria-activedescendant=${tools?.activeId ?? nothing}
        placeholder=${tools?.placeholder ?? this.placeholder}
        .value=${this.#text}
        ?readonly=${this.mode === "closed"}
        @input=${this.#changed}
        @keydown=${this.#keyPressed}
        @paste=${(paste: ClipboardEvent) => tools?.pasted(paste)}
        @blur=${() => tools?.close()}
      ></textarea>
      <div class="ends">
        ${tools?.beside()}
        ${this.mode === "answering" || this.mode === "unstoppable" ? this.#stopButton() : this.#sendButton()}
      </div>
      ${tools?.below()}
      <p id="limit" data-over=${over > 0 || this.#note !== ""} role=${this.#note === "" ? nothing : "alert"}>
        ${this.#note || limitNote(over, this.limit)}
      </p>
    </form>`;
  }

  override updated(): void {
    const { field } = this;
    if (field === null) return;
    // Through the style object, which a content security policy without 'unsafe-inline' allows.
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  #sendButton(): TemplateResult {
    const label = strings.send;
    return html`<button class="round" type="submit" aria-label=${label} title=${label} ?disabled=${!this.#canSend()}>
      ${sendIcon}
    </button>`;
  }

  #stopButton(): TemplateResult {
    const label = strings.stop;
    const disabled = this.mode === "unstoppable";
    return html`<button class="round" type="button" aria-label=${label} title=${label} ?disabled=${disabled} @click=${this.#stopped}>
      ${stopIcon}
    </button>`;
  }

  #canSend(): boolean | undefined {
    const hasSomething = this.#text.trim() !== "" || this.#tools?.hasFiles;
    return this.mode === "ready" && hasSomething && !this.#tools?.isSending && this.#charactersOver() <= 0;
  }

  /** The server counts characters, JavaScript halves of some; only a text near the limit is worth the counting. */
  #charactersOver(): number {
    if (this.#text.length <= this.limit - NEAR_LIMIT) return -this.limit;
    return [...this.#text].length - this.limit;
  }

  #changed(input: InputEvent): void {
    this.#write((input.target as HTMLTextAreaElement).value);
    if (!input.isComposing) this.#search();
  }

  /** What is written may ask for something to name or to do. */
  #search(): void {
    const { field } = this;
    if (field !== null && this.#text !== "") this.#tools?.written(field.value.slice(0, field.selectionStart));
    else this.#tools?.close();
  }

  #write(text: string): void {
    this.#text = text;
    this.#note = "";
    this.dispatchEvent(new CustomEvent("composer-change", { detail: { text } }));
    this.requestUpdate();
  }

  #say(sentence: string): void {
    this.#note = sentence;
    this.requestUpdate();
  }

  /** Enter that ends an input method's composition is not meant to send; Safari reports it as key code 229. */
  #keyPressed(key: KeyboardEvent): void {
    if (this.#tools?.keyPressed(key)) return;
    if (key.key !== "Enter" || key.shiftKey || key.isComposing || key.keyCode === 229) return;
    key.preventDefault();
    this.#send();
  }

  #submitted(submit: SubmitEvent): void {
    submit.preventDefault();
    this.#send();
  }

  #send(): void {
    if (this.mode === "closed") return;
    if (this.#text.trim() !== "" && this.mode !== "ready")
      this.dispatchEvent(new CustomEvent("composer-held"));
    if (!this.#canSend()) return;
    const text = this.#text.trim();
    const detail = this.#tools?.take(text) ?? { input: textInput(text), attachments: [] };
    this.#write("");
    this.dispatchEvent(new CustomEvent<Written>("composer-send", { detail }));
  }

  /** The button that had the focus is about to go. */
  #stopped(): void {
    this.focusField();
    this.dispatchEvent(new CustomEvent("composer-stop"));
  }
}

function deskOf(composer: OrcheoComposer, voice: Pick<Desk, "write" | "say">): Desk {
  return {
    get setup() {
      return composer.setup;
    },
    get text() {
      return composer.text;
    },
    get field() {
      return composer.field;
    },
    get place() {
      return composer.getRootNode();
    },
    get updateComplete() {
      return composer.updateComplete;
    },
    ...voice,
    focusField: () => composer.focusField(),
    toolChosen: (toolId) => composer.dispatchEvent(new CustomEvent("composer-tool", { detail: { toolId } })),
    addController: (controller) => composer.addController(controller),
    removeController: (controller) => composer.removeController(controller),
    requestUpdate: () => composer.requestUpdate(),
  };
}

function isMoreThanText({ option, entities, commands }: ComposerSetup): boolean {
  const { attachments, tools, models, dictation } = option;
  const lists = [tools, models].some((list) => list !== undefined && list.length > 0);
  const switches = attachments?.enabled || dictation?.enabled || commands?.enabled;
  return lists || Boolean(switches) || entities?.onTagSearch !== undefined;
}

function limitNote(over: number, limit: number): string | typeof nothing {
  if (over > 0) return fill(strings.tooLong, { over, limit });
  return over > -NEAR_LIMIT ? fill(strings.nearLimit, { left: -over }) : nothing;
}

customElements.define("orcheo-composer", OrcheoComposer);
