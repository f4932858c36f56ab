/** What a command in the guest prints, over a port of virtio-serial that all commands share, one after the other. */
import { connect } from "node:net";
import type { Timers } from "@playspawn/shared";

export interface Stream {
  /** From now on what stands between the two marks is told. */
  expect(marks: { begin: string; end: string }, onText: (text: string) => void): void;
  /** All that stood between them. @throws Error when the second has not come within `limitMs` */
  whole(timers: Timers, limitMs: number): Promise<string>;
  close(): void;
}

const bytesMax = 64 * 1024 * 1024;

/** @throws Error when nothing listens at `path` */
export async function openStream(path: string): Promise<Stream> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  let state = fresh({ begin: "", end: "" }, () => {});
  socket.setEncoding("utf8").on("data", (text: string) => state.add(text));
  return {
    expect: (marks, onText) => (state = fresh(marks, onText)),
    async whole(timers, limitMs) {
      const cancel = timers.after(limitMs, () => state.ended.reject(new Error("The guest's output did not come.")));
      try {
        return await state.ended.promise;
      } finally {
        cancel();
      }
    },
    close: () => void socket.destroy(),
  };
}

interface Reading {
  add(text: string): void;
  ended: PromiseWithResolvers<string>;
}

/** Whatever comes before the first mark is a command's that nobody waited for. */
function fresh({ begin, end }: { begin: string; end: string }, onText: (text: string) => void): Reading {
  const ended = Promise.withResolvers<string>();
  ended.promise.catch(() => undefined);
  let [text, told, isBegun, isEnded] = ["", 0, false, begin === ""];
  return {
    ended,
    add(part) {
      if (isEnded) return;
      text = (text + part).slice(-bytesMax);
      const first = isBegun ? -1 : text.indexOf(begin);
      if (first >= 0) [text, isBegun] = [text.slice(first + begin.length), true];
      if (!isBegun) return;
      const last = text.indexOf(end, Math.max(0, told - end.length));
      isEnded = last >= 0;
      if (isEnded) text = text.slice(0, last);
      // The mark may come in pieces: what could be its beginning waits.
      const sure = isEnded ? text.length : Math.max(told, text.length - end.length);
      if (sure > told) onText(text.slice(told, sure));
      told = sure;
      if (isEnded) ended.resolve(text);
    },
  };
}
