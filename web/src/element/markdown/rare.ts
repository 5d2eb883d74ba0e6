/** What only few texts need is fetched with the first one that does, which is then read again. */

type Load = () => Promise<void>;

let lacking = new Set<Load>();

/** Says, while a text is read, that it needs what `load` fetches. */
export function lack(load: Load): void {
  lacking.add(load);
}

/** Reads a text by `work`; `load` is null when nothing was lacking. */
export function readWith<T>(work: () => T): { result: T; load: Load | null } {
  lacking = new Set();
  const result = work();
  const loads = [...lacking];
  return {
    result,
    load: loads.length === 0 ? null : async () => void (await Promise.all(loads.map((each) => each()))),
  };
}
