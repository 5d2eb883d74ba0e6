// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";
import { englishAs, languageFor, speak } from "../src/element/language.ts";
import { Uploads } from "../src/element/parts/uploads.ts";
import { GrantKeeper } from "../src/element/protocol/grant-keeper.ts";
import { clientFor, FakeServer, jsonAnswer, problemAnswer } from "./fakes.ts";

/** A request of the browser that the test moves on. */
class FakeRequest {
  static last: FakeRequest;
  readonly headers: Record<string, string> = {};
  readonly upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  onload = () => {};
  onerror = () => {};
  status = 0;
  responseText = "";
  body: unknown;
  target = "";
  isAborted = false;

  constructor() {
    FakeRequest.last = this;
  }

  open(method: string, url: string): void {
    this.target = `${method} ${url}`;
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  getResponseHeader(): null {
    return null;
  }

  send(body: unknown): void {
    this.body = body;
  }

  abort(): void {
    this.isAborted = true;
  }

  end(status: number, body: unknown = ""): void {
    this.status = status;
    this.responseText = body === "" ? "" : JSON.stringify(body);
    this.onload();
  }
}

const announced = {
  type: "file",
  id: "atc_1",
  name: "plan.txt",
  upload_descriptor: { url: "/files/atc_1", method: "PUT", headers: { "orcheo-ticket": "t" } },
};

async function sending() {
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  const uploads = new Uploads(
    () => {},
    () => {},
  );
  const client = clientFor(new FakeServer(jsonAnswer(announced), jsonAnswer({})));
  uploads.add([new File(["12345678"], "plan.txt", { type: "text/plain" })], { enabled: true }, client, {
    type: "two_phase",
  });
  await vi.waitFor(() => expect(FakeRequest.last?.target).toBe("PUT /files/atc_1"));
  return { uploads, client, request: FakeRequest.last, shown: () => uploads.all[0] };
}

/** Adds a file that the server refuses with this problem; what the visitor is told, and what becomes of the file. */
async function refused(problem: object, size: number): Promise<[string, number]> {
  const told: string[] = [];
  const uploads = new Uploads(
    () => {},
    (sentence) => told.push(sentence),
  );
  const body = { type: "about:blank", detail: "In English.", hint: "In English.", ...problem };
  const client = clientFor(new FakeServer(new Response(JSON.stringify(body), { status: 422 })));
  const file = new File(["x".repeat(size)], "a.txt", { type: "text/plain" });
  uploads.add([file], { enabled: true }, client, { type: "two_phase" });
  await vi.waitFor(() => expect(told).toHaveLength(1));
  return [told[0] ?? "", uploads.all.length];
}

const wrong = (path: string, limit?: number) => ({ code: "invalid_input", errors: [{ path, limit }] });

describe("a file that the server refuses", () => {
  afterEach(() => speak(englishAs("en")));

  test.each([
    ["en", wrong("params.size", 10 * 2 ** 20), 9, "a.txt is too large. A file can have 10 MB at most.", 0],
    ["uk", wrong("size", 10 * 2 ** 20), 9, "Файл a.txt завеликий. Розмір файлу — не більше 10 МБ.", 0],
    [
      "fr",
      wrong("size", 1.5 * 2 ** 20),
      9,
      "a.txt est trop volumineux. Un fichier peut faire 1,5\u202fMo au maximum.",
      0,
    ],
    ["en", wrong("size", 2 ** 30), 9, "a.txt is too large. A file can have 1 GB at most.", 0],
    ["en", wrong("size", 500 * 1024), 9, "a.txt is too large. A file can have 500 kB at most.", 0],
    ["en", wrong("size", 4), 9, "a.txt is too large. A file can have 4 byte at most.", 0],
    ["ja", wrong("params.size", 100), 0, "a.txt は空です。", 0],
    ["uk", wrong("params.mime_type"), 9, "Файли цього типу не можна додати: a.txt", 0],
    ["uk", wrong("name"), 9, "Не вдалося завантажити a.txt. Спробуйте ще раз.", 1],
    [
      "uk",
      { code: "body_too_large", limit: 10 * 2 ** 20 + 2 ** 14 },
      9,
      "Файл a.txt завеликий. Розмір файлу — не більше 10 МБ.",
      0,
    ],
    ["uk", { code: "too_many_files" }, 9, "У цьому чаті більше не можна завантажувати файли.", 1],
    [
      "uk",
      { code: "budget_exceeded", policy: "unsent-files-by-visitor" },
      9,
      "У вас тут забагато файлів. Надішліть або приберіть деякі чи видаліть чати з файлами.",
      1,
    ],
    [
      "uk",
      { code: "shared_budget_exceeded", policy: "kept-bytes-by-server" },
      9,
      "Зараз немає місця для нових файлів. Спробуйте пізніше.",
      1,
    ],
    ["uk", { code: "disk_full" }, 9, "Сервер не зміг це зберегти. Нічого не змінилося.", 1],
    ["en", { code: "disk_full" }, 9, "The server could not save this. Nothing was changed.", 1],
  ])("is told of in %s (%#)", async (locale, problem, size, sentence, kept) => {
    speak(await languageFor([locale]));
    expect(await refused(problem, size)).toEqual([sentence, kept]);
  });

  test.each([{}, [null], [3], "size", [{ path: "name", limit: 80 }]])(
    "is told of although its server has errors of its own: %j",
    async (errors) => {
      expect(await refused({ code: "of_others", errors }, 9)).toEqual(["In English.", 1]);
    },
  );
});

describe("a file that goes straight to the page's server", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    FakeRequest.last = undefined as unknown as FakeRequest;
  });

  const direct = { type: "direct", uploadUrl: "/upload" } as const;
  const file = () => new File(["12345678"], "plan.txt", { type: "text/plain" });

  test("says how much of it has left, under the visitor's grant", async () => {
    vi.stubGlobal("XMLHttpRequest", FakeRequest);
    const uploads = new Uploads(
      () => {},
      () => {},
    );
    uploads.add([file()], { enabled: true }, clientFor(new FakeServer()), direct);
    await vi.waitFor(() => expect(FakeRequest.last?.target).toMatch(/^POST .*\/upload$/));
    const request = FakeRequest.last;
    expect(request.headers).toEqual({ Authorization: "Bearer grant" });
    expect((request.body as FormData).get("file")).toMatchObject({ name: "plan.txt" });
    request.upload.onprogress?.({ loaded: 6, total: 8 });
    expect(uploads.all[0]).toMatchObject({ status: "sending", progress: 0.75 });
    request.end(200, { type: "file", id: "atc_2", name: "plan.txt" });
    await vi.waitFor(() => expect(uploads.sent.map(({ id }) => id)).toEqual(["atc_2"]));
  });

  test("is not sent when it was taken away before the visitor was known", async () => {
    vi.stubGlobal("XMLHttpRequest", FakeRequest);
    const uploads = new Uploads(
      () => {},
      () => {},
    );
    let grant: (grant: string) => void = () => {};
    const asked = vi.fn(() => new Promise<string>((resolve) => (grant = resolve)));
    const client = clientFor(new FakeServer(), { grants: new GrantKeeper(asked) });
    uploads.add([file(), file()], { enabled: true }, client, direct);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    uploads.remove(uploads.all[0]?.key ?? "", client);
    const made = vi.spyOn(FakeRequest.prototype, "send");
    grant("grant");
    await vi.waitFor(() => expect(made).toHaveBeenCalled());
    await new Promise((resolve) => setTimeout(resolve));
    expect(made).toHaveBeenCalledOnce();
  });

  test("goes by the page's own fetch where it has one", async () => {
    const uploads = new Uploads(
      () => {},
      () => {},
    );
    const server = new FakeServer(jsonAnswer({ type: "file", id: "atc_3", name: "plan.txt" }));
    const client = clientFor(server, { isSentByPage: () => true });
    uploads.add([file()], { enabled: true }, client, direct);
    await vi.waitFor(() => expect(uploads.sent.map(({ id }) => id)).toEqual(["atc_3"]));
    expect(server.sent).toHaveLength(1);
  });
});

test("three files go at a time, in the order in which they were added", async () => {
  const uploads = new Uploads(
    () => {},
    () => {},
  );
  const open: ((answer: Response) => void)[] = [];
  const held = () => new Promise<Response>((resolve) => open.push(resolve));
  const server = new FakeServer(held, held, held, held, held);
  const files = [1, 2, 3, 4, 5].map((each) => new File(["x"], `${each}.txt`));
  const client = clientFor(server, { isSentByPage: () => true });
  uploads.add(files, { enabled: true }, client, { type: "direct", uploadUrl: "/upload" });
  await vi.waitFor(() => expect(server.sent).toHaveLength(3));
  uploads.remove(uploads.all[3]?.key ?? "", client);
  open[1]?.(jsonAnswer({ type: "file", id: "atc_2", name: "2.txt" }));
  await vi.waitFor(() => expect(uploads.sent).toHaveLength(1));
  await vi.waitFor(() => expect(server.sent).toHaveLength(4));
  expect(uploads.all.map(({ name, status }) => [name, status])).toEqual([
    ["1.txt", "sending"],
    ["2.txt", "sent"],
    ["3.txt", "sending"],
    ["5.txt", "sending"],
  ]);
});

describe("a file on its way", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    FakeRequest.last = undefined as unknown as FakeRequest;
  });

  test("says how much of it has left, then that it is there", async () => {
    const { request, shown, uploads } = await sending();
    expect(request.headers).toEqual({ "orcheo-ticket": "t" });
    expect(shown()).toMatchObject({ status: "sending", progress: null });
    request.upload.onprogress?.({ loaded: 2, total: 8 });
    expect(shown()).toMatchObject({ status: "sending", progress: 0.25 });
    request.end(200);
    await vi.waitFor(() => expect(shown()?.status).toBe("sent"));
    expect(uploads.sent).toEqual([{ type: "file", id: "atc_1", name: "plan.txt" }]);
    uploads.taken();
    expect(uploads.all).toEqual([]);
  });

  test.each([
    ["pl\u202ean\u0007.txt", "plan.txt"],
    ["\u2067\ud800", "file"],
    ["پرسش\u200cها.pdf", "پرسش\u200cها.pdf"],
  ])("called %j is sent by a name that shows as it is", async (name, sent) => {
    const server = new FakeServer(jsonAnswer(announced), jsonAnswer({}));
    const uploads = new Uploads(
      () => {},
      () => {},
    );
    uploads.add([new File(["1"], name, { type: "text/plain" })], { enabled: true }, clientFor(server), {
      type: "two_phase",
    });
    expect(uploads.all[0]?.name).toBe(sent);
    await vi.waitFor(() => expect(server.sent[0]?.body.params.name).toBe(sent));
  });

  test.each([(request: FakeRequest) => request.end(500), (request: FakeRequest) => request.onerror()])(
    "can be sent again when it did not arrive",
    async (fail) => {
      const { request, shown, uploads } = await sending();
      fail(request);
      await vi.waitFor(() => expect(shown()?.status).toBe("failed"));
      expect(uploads.isSending).toBe(false);
      uploads.taken();
      expect(shown()?.status).toBe("failed");
    },
  );

  test("that the server refuses says why", async () => {
    const said: string[] = [];
    const uploads = new Uploads(
      () => {},
      (sentence) => said.push(sentence),
    );
    const client = clientFor(new FakeServer(problemAnswer(403, "too_many_files", {}, "No more files.")));
    const file = new File(["1"], "a.txt", { type: "text/plain" });
    uploads.add([file], { enabled: true }, client, { type: "two_phase" });
    await vi.waitFor(() => expect(uploads.all[0]?.status).toBe("failed"));
    expect(said).toEqual(["No more files can be uploaded in this chat."]);
  });

  test("that is taken away is not sent on", async () => {
    const { request, uploads, client } = await sending();
    uploads.remove(uploads.all[0]?.key ?? "", client);
    expect(request.isAborted).toBe(true);
    expect(uploads.all).toEqual([]);
  });
});
