/** The sentences about signing in that are fetched when somebody is signed in, or anybody could be. */

import { bookOf } from "../../element/language.ts";

export const englishSignIn = {
  signedInAs: "Signed in as {name}",
  signOut: "Sign out",
  signInBar: "Sign-in",
  trialSignIn: "Trial sign-in is on: anyone on this machine can sign in under any name.",
} as const;

export const signInStrings = bookOf(englishSignIn);
