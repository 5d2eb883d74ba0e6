/** A streaming parser of `text/event-stream` (HTML Living Standard, section 9.2.6), free of I/O. */

export interface SseFrame {
  /** The frame's own `id:`, empty without one. (The standard would carry the previous frame's on.) */
  id: string;
  data: string;
}

export class SseParser {
  readonly #decoder = new TextDecoder();
  #line = "";
  #skipNewline = false;
  #data: string[] = [];
  #id = "";

  /** Takes the next bytes, cut anywhere, and returns the frames they complete. */
  push(bytes: Uint8Array): SseFrame[] {
    const frames: SseFrame[] = [];
    for (const line of this.#lines(this.#decoder.decode(bytes, { stream: true }))) {
      const frame = this.#takeLine(line);
      if (frame !== null) frames.push(frame);
    }
    return frames;
  }

  *#lines(text: string): Generator<string> {
    let start = 0;
    // A CR that ended the last chunk may have its LF at the start of this one.
    if (this.#skipNewline && text.length > 0) {
      this.#skipNewline = false;
      if (text.startsWith("\n")) start = 1;
    }
    const lineEnd = /\r\n|\r|\n/g;
    lineEnd.lastIndex = start;
    for (let match = lineEnd.exec(text); match !== null; match = lineEnd.exec(text)) {
      const line = this.#line + text.slice(start, match.index);
      this.#line = "";
      start = lineEnd.lastIndex;
      this.#skipNewline = match[0] === "\r" && start === text.length;
      yield line;
    }
    this.#line += text.slice(start);
  }

  #takeLine(line: string): SseFrame | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch(): SseFrame | null {
    const frame = { id: this.#id, data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#id = "";
    this.#data = [];
    return isEmpty ? null : frame;
  }
}
