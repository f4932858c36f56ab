/** The target of an HTTP request, read once and first, so that whatever looks at the path later finds one. */
import type { IncomingMessage } from "node:http";
import { AppError } from "../domain/errors.ts";

/** Koa's parser looks for a host in paths with a space or a fragment, and throws for some that it finds. */
const originForm = /^\/[^\s#]*$/;
const absoluteForm = /^https?:\/\//i;
/** What stands for a target that names no path: what HTTP itself writes where no path is meant. */
const none = "*";

/** Makes `url` a path with its query, or `*`. Call before any other listener sees the request. */
export function readTarget(request: IncomingMessage): void {
  request.url = pathOf(request.url ?? "");
}

function pathOf(target: string): string {
  if (originForm.test(target)) return target;
  if (!absoluteForm.test(target) || !URL.canParse(target)) return none;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

/** @throws AppError malformed_request for a request whose target names no path */
export function checkTarget({ url }: IncomingMessage): void {
  if (url !== none) return;
  throw new AppError("malformed_request", "The request's target names no path: send one that begins with a slash.");
}
