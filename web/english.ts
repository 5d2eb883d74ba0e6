/** Every English sentence by its key: what each file of `src/element/languages/` must have. */

import type { Phrase } from "./src/element/language.ts";
import { english } from "./src/element/strings.ts";
import { englishErrors } from "./src/element/strings-errors.ts";
import { englishLater } from "./src/element/strings-later.ts";
import { englishPage } from "./src/pages/chat/page-strings.ts";
import { englishSignIn } from "./src/pages/chat/sign-in-strings.ts";

export const englishBooks: readonly Readonly<Record<string, Phrase>>[] = [
  english,
  englishPage,
  englishSignIn,
  englishLater,
  englishErrors,
];
