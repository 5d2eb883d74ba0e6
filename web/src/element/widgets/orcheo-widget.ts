/** `<orcheo-widget>`: a widget of the workflow's, with its forms and actions. Loaded when the first one is shown. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { type Language, speak, spokenLanguage } from "../language.ts";
import type { WidgetTree } from "../protocol/wire.ts";
import { laterStrings } from "../strings-later.ts";
import { answerStyles } from "../styles/answer.ts";
import { controlStyles } from "../styles/controls.ts";
import { laterPartStyles } from "../styles/later-parts.ts";
import { partStyles } from "../styles/parts.ts";
import { rareProseStyles } from "../styles/rare-prose.ts";
import { actionOf, componentTemplate, type Drawing, labelledFields } from "./components.ts";
import { formValues, heldBy, payloadWith } from "./form-values.ts";
import type { WidgetHost } from "./host.ts";
import { widgetStyles } from "./styles.ts";

class OrcheoWidget extends LitElement {
  static override styles = [
    controlStyles,
    answerStyles,
    rareProseStyles,
    partStyles,
    laterPartStyles,
    widgetStyles,
  ];
  static override properties = {
    item: { attribute: false },
    host: { attribute: false },
    language: { attribute: false },
  };

  declare item: { id: string; widget: WidgetTree };
  declare host: WidgetHost;
  declare language: Language;
  /** Components whose action runs; the widget itself is busy with an action that is about all of it. */
  readonly #busy = new Set<WidgetTree>();
  #isBusy = false;
  #hasFailed = false;
  readonly #unfolded = new WeakSet<WidgetTree>();

  constructor() {
    super();
    this.language = spokenLanguage();
  }

  override willUpdate(): void {
    speak(this.language);
  }

  override render(): TemplateResult {
    const labelled = new Set(labelledFields(this.item.widget));
    const drawing: Drawing = {
      host: this.host,
      depth: 0,
      isBusy: (tree) => this.#busy.has(tree),
      act: (tree, config, from, loading) => void this.#act(tree, config, from, loading),
      isLabelled: (name) => labelled.has(name),
      isUnfolded: (tree) => this.#unfolded.has(tree),
      unfold: (tree) => {
        this.#unfolded.add(tree);
        this.requestUpdate();
      },
    };
    return html`<div class="widget" ?inert=${this.#isBusy} aria-busy=${this.#isBusy}>
        ${componentTemplate(this.item.widget, drawing)}
      </div>
      ${this.#hasFailed ? html`<p class="failed" role="alert">${laterStrings.actionFailed}</p>` : nothing}`;
  }

  async #act(
    tree: WidgetTree,
    given: unknown,
    from: Element,
    auto: "self" | "container" | "none",
  ): Promise<void> {
    const config = actionOf(given);
    if (config === null) return;
    const form = from instanceof HTMLFormElement ? from : from.closest("form");
    const own = heldBy(from);
    const values = form === null ? (own === null ? {} : { [own.name]: own.value }) : formValues(form);
    const loading =
      config.loadingBehavior === undefined || config.loadingBehavior === "auto"
        ? auto
        : config.loadingBehavior;
    this.#hasFailed = false;
    this.#show(tree, loading, true);
    try {
      await this.host.act({ ...config, payload: payloadWith(config.payload, values) }, this.item);
    } catch {
      this.#hasFailed = true;
    } finally {
      this.#show(tree, loading, false);
    }
  }

  #show(tree: WidgetTree, loading: "self" | "container" | "none", isBusy: boolean): void {
    if (loading === "container") this.#isBusy = isBusy;
    if (loading === "self" && isBusy) this.#busy.add(tree);
    if (!isBusy) this.#busy.delete(tree);
    this.requestUpdate();
  }
}

if (customElements.get("orcheo-widget") === undefined) customElements.define("orcheo-widget", OrcheoWidget);
