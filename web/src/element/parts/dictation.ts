/** The microphone: records while the visitor speaks, and has the server write it down. */

import { html, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";
import type { ChatClient } from "../protocol/chat-client.ts";
import { laterStrings } from "../strings-later.ts";

interface Listener {
  heard(text: string): void;
  failed(sentence: string): void;
}

type Status = "idle" | "asking" | "recording" | "writing";

/** What ChatKit's servers take, as far as browsers record it. */
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
/** Enough for speech: a minute of it fits into a request. */
const BITS_PER_SECOND = 24_000;
/** Bytes after which a recording ends by itself: a request holds no more, written as base64. */
const MOST = 170_000;
const TRANSCRIPTION_LIMIT = 120_000;

export class Dictation implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #listener: Listener;
  #recorder: MediaRecorder | null = null;
  #status: Status = "idle";
  #isShown = true;

  constructor(host: ReactiveControllerHost, listener: Listener) {
    this.#host = host;
    this.#listener = listener;
    host.addController(this);
  }

  hostConnected(): void {
    this.#isShown = true;
  }

  /** Switches the microphone off: what was recorded goes nowhere, as no field is there for its words. */
  hostDisconnected(): void {
    this.#isShown = false;
    this.#recorder?.stop();
  }

  template(client: ChatClient): TemplateResult {
    const isRecording = this.#status === "recording";
    const label = isRecording ? laterStrings.stopDictation : laterStrings.dictate;
    const icon = isRecording ? "check" : "lucide:mic";
    return html`<button
      type="button"
      class="bare microphone"
      aria-label=${label}
      title=${label}
      aria-pressed=${isRecording}
      aria-disabled=${this.#status === "asking" || this.#status === "writing"}
      @click=${() => this.#press(client)}
    >
      <orcheo-icon name=${icon}></orcheo-icon>
    </button>`;
  }

  #press(client: ChatClient): void {
    if (this.#status === "recording") this.#recorder?.stop();
    else if (this.#status === "idle") void this.#record(client);
  }

  async #record(client: ChatClient): Promise<void> {
    this.#set("asking");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (!this.#isShown) {
        end(stream);
        this.#set("idle");
        return;
      }
      const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
      const quality = { audioBitsPerSecond: BITS_PER_SECOND };
      const recorder = new MediaRecorder(
        stream,
        type === undefined ? quality : { mimeType: type, ...quality },
      );
      const pieces: Blob[] = [];
      let size = 0;
      recorder.addEventListener("dataavailable", ({ data }) => {
        pieces.push(data);
        size += data.size;
        if (size > MOST && recorder.state === "recording") recorder.stop();
      });
      recorder.addEventListener("stop", () => {
        end(stream);
        this.#recorder = null;
        if (this.#isShown) void this.#write(new Blob(pieces), type ?? recorder.mimeType, client);
        else this.#set("idle");
      });
      recorder.start(1_000);
      this.#recorder = recorder;
      this.#set("recording");
    } catch {
      this.#set("idle");
      this.#listener.failed(laterStrings.noMicrophone);
    }
  }

  async #write(audio: Blob, type: string, client: ChatClient): Promise<void> {
    this.#set("writing");
    try {
      const params = { audio_base64: base64(await audio.arrayBuffer()), mime_type: type };
      const limit = AbortSignal.timeout(TRANSCRIPTION_LIMIT);
      const { text } = await client.call<{ text: string }>({ type: "input.transcribe", params }, limit);
      this.#listener.heard(text);
    } catch {
      this.#listener.failed(laterStrings.notTranscribed);
    } finally {
      this.#set("idle");
    }
  }

  #set(status: Status): void {
    this.#status = status;
    this.#host.requestUpdate();
  }
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

const PIECE = 0x8000;

function base64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
