/** What stands in the chat's place while it loads. */

import { html, type TemplateResult } from "lit";
import { spokenLanguage } from "../language.ts";
import { strings } from "../strings.ts";

export function skeletonTemplate(title: string): TemplateResult {
  const { locale, dir } = spokenLanguage();
  return html`<div class="chat" lang=${locale} dir=${dir} aria-busy="true">
    <header class="bar">${title === "" ? html`<h1 class="spoken-only">${strings.loading}</h1><span class="bone title"></span>` : html`<h1 dir="auto">${title}</h1>`}</header>
    <div class="scroller">
      <div class="column skeleton">
        <p class="spoken-only" role="status">${strings.loading}</p>
        <span class="bone question"></span><span class="bone"></span><span class="bone"></span><span class="bone short"></span>
      </div>
    </div>
    <footer class="foot"><div class="column"><span class="bone field"></span></div></footer>
  </div>`;
}
