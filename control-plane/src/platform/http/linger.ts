/** Ends a request whose body nobody read: neither reading the rest, nor cutting the client off before it saw its answer. */
import type { Timers } from "@playspawn/shared";
import type { Context } from "koa";

/** How long a client that still sends may take to notice its answer. */
export const lingerMs = 2000;

/**
 * Call before the answer is written. Node alone would either read the whole body after the answer, or close at once,
 * and a close with unread bytes is a reset that throws the answer away on its way to the client. So the connection is
 * half closed, what the client still sends stays unread in the kernel's buffers, and after 2 s it ends.
 */
export function leaveRestOfBody(ctx: Context, timers: Timers): void {
  const { req, res } = ctx;
  const none = ctx.get("content-length") === "0" || !(ctx.get("content-length") || ctx.get("transfer-encoding"));
  if (none || req.complete) return;
  ctx.set("Connection", "close");
  // Begins reading, which stops at the stream's own small buffer; a request never begun would be drained by Node.
  req.read(0);
  const { socket } = req;
  // Node calls this once the answer is written and the connection is to close.
  socket.destroySoon = () => {
    socket.end();
    const cancel = timers.after(lingerMs, () => socket.destroy());
    socket.once("close", cancel);
  };
  res.once("close", () => req.pause());
}
