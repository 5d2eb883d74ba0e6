/** The parts of a thread besides its texts; in one module, which is fetched when the first of them is shown. */

export { richStyles } from "../styles/rich.ts";
export { actionsTemplate, answersByEnd } from "./answer-actions.ts";
export { askedTemplate } from "./asked.ts";
export { attachmentsTemplate } from "./attachments.ts";
export { entityTemplate } from "./entity.ts";
export { withFolds } from "./folded-items.ts";
export { generatedImageTemplate } from "./images.ts";
export { editTemplate } from "./question-edit.ts";
export { sourcesTemplate } from "./sources.ts";
export { stepsTemplate } from "./steps.ts";
