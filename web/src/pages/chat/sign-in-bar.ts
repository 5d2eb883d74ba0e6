/**
 * The line above the chat that says who is signed in, and warns where anybody can be anybody. Loaded where it is shown.
 */

import { css, html, nothing, type TemplateResult } from "lit";
import { fill } from "../../element/strings.ts";
import { signInStrings } from "./sign-in-strings.ts";

export interface SignInState {
  name: string | null;
  isTrial: boolean;
}

export const signInBarStyles = css`
  .sign-in {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: 0.25rem 0.75rem;
    padding: 0.25rem 1rem;
    font-size: 0.875rem;
    color: var(--ink-soft);
    border-block-end: 1px solid var(--line);
  }

  .sign-in .trial {
    margin-inline-end: auto;
    font-weight: 600;
    color: var(--ink);
  }

  .sign-in span {
    overflow-wrap: anywhere;
  }
`;

export function signInBar(state: SignInState, signOut: () => void): TemplateResult | typeof nothing {
  if (state.name === null && !state.isTrial) return nothing;
  const trial = state.isTrial
    ? html`<span class="trial" role="note">${signInStrings.trialSignIn}</span>`
    : nothing;
  const who =
    state.name === null
      ? nothing
      : html`<span>${fill(signInStrings.signedInAs, { name: state.name })}</span>
          <button type="button" class="quiet" @click=${signOut}>${signInStrings.signOut}</button>`;
  return html`<section class="sign-in" aria-label=${signInStrings.signInBar}>${trial}${who}</section>`;
}
