/** What the OpenAPI says of each call, as types: a path that is not there, or a wrong body, does not compile. */
import type { operations, paths } from "./schema.gen.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that take this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, operations[keyof operations]> ? P : never;
}[keyof paths];

type OperationOf<M extends Method, P extends PathOf<M>> = paths[P][M];

type Content<T> = T extends { content: { "application/json": infer Json } } ? Json : undefined;

/** The JSON of a good answer; undefined where there is none. */
export type AnswerOf<M extends Method, P extends PathOf<M>> =
  OperationOf<M, P> extends { responses: infer R } ? Content<R[keyof R & (200 | 201 | 202 | 204)]> : never;

type PathPart<T> = T extends { parameters: { path: infer Params } }
  ? [Params] extends [never | undefined]
    ? { path?: never }
    : { path: Params }
  : { path?: never };
type BodyPart<T> = T extends { requestBody: { content: { "application/json": infer Body } } }
  ? { body: Body }
  : T extends { requestBody?: { content: { "application/json": infer Body } } }
    ? { body?: Body }
    : { body?: never };
type QueryPart<T> = T extends { parameters: { query?: infer Query } } ? { query?: Query } : { query?: never };

/** What a call takes. */
export type InputOf<M extends Method, P extends PathOf<M>> = PathPart<OperationOf<M, P>> &
  BodyPart<OperationOf<M, P>> &
  QueryPart<OperationOf<M, P>>;
