/**
 * The sign-in window of a bubble: a tab of the server's own, where its cookies count. It hands the login over to the
 * frame that opened it, and to no other window, as the browser compares the origin.
 */

import type { Fetch } from "../../element/protocol/chat-client.ts";
import { problemCode } from "../../element/protocol/problem.ts";
import { fill, strings } from "../../element/strings.ts";
import { ChatPageApi, type GrantAnswer } from "../chat/chat-page-api.ts";
import { pageStrings } from "../chat/page-strings.ts";
import { signInStrings } from "../chat/sign-in-strings.ts";
import { chatPath, signInPath } from "./frame-api.ts";
import { show, speakAsBrowser } from "./plain-page.ts";

const BACK = "?back";
const MARK = "orcheo-signed-in";
const LONGEST = 4_096;

/** What the window hands over. */
export interface SignedIn {
  loginPass: string;
  signedInAs: string;
}

class SignInApi extends ChatPageApi {
  ask(): Promise<GrantAnswer> {
    return this.askForGrant({ embedded: true });
  }
}

/** What this window shows: off to the sign-in and back, then it hands over and closes itself. */
export async function runSignIn(ref: string, fetch: Fetch): Promise<void> {
  await speakAsBrowser();
  try {
    const { login_pass: loginPass, signed_in_as: signedInAs } = await new SignInApi(ref, fetch).ask();
    if (opener && loginPass !== null && signedInAs !== null) {
      opener.postMessage({ [MARK]: 1, loginPass, signedInAs }, location.origin);
      close();
    }
    show(fill(signInStrings.signedInAs, { name: signedInAs ?? "" }), chatPath(ref), strings.continueAnswer);
  } catch (error) {
    if (problemCode(error) === "login_required" && location.search !== BACK)
      location.replace(`/auth/login?to=${encodeURIComponent(signInPath(ref) + BACK)}`);
    else show(pageStrings.brokenText, signInPath(ref), strings.tryAgain);
  }
}

/** Opens the window and hears what it hands over. */
export function openSignIn(ref: string, heard: (signedIn: SignedIn) => void): void {
  const opened = open(signInPath(ref), `orcheo-sign-in-${ref}`, "popup,width=480,height=640");
  if (opened === null) return;
  const over = new AbortController();
  addEventListener(
    "message",
    (event) => {
      const signedIn = event.source === opened && event.origin === location.origin ? read(event.data) : null;
      if (signedIn === null) return;
      over.abort();
      heard(signedIn);
    },
    { signal: over.signal },
  );
}

function read(data: unknown): SignedIn | null {
  if (typeof data !== "object" || data === null) return null;
  const { [MARK]: mark, loginPass, signedInAs } = data as Record<string, unknown>;
  if (mark !== 1 || typeof loginPass !== "string" || typeof signedInAs !== "string") return null;
  return loginPass.length <= LONGEST && signedInAs.length <= LONGEST ? { loginPass, signedInAs } : null;
}
