/** OpenAPI 3.1 from the registry: the one document of the API, never written by hand. */
import { type ErrorCode, errorCatalog } from "@playspawn/shared";
import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import type { z } from "zod";
import { aliasRoutes } from "./aliases.ts";
import { secureSessionCookie, sessionCookie } from "./credentials.ts";
import type { Operation } from "./operation.ts";
import { Problem, problemMediaType } from "./problem.ts";

type Document = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

const info = {
  title: "Playspawn",
  version: "1",
  description:
    "The API of a Playspawn installation. Times are UTC milliseconds. Errors are problem documents (RFC 9457) whose `code` is stable. `/v1/…` is the same as `/api/v1/…`.",
};

export function openapiDocument(operations: readonly Operation[]): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: sessionCookie,
    description: `Over HTTPS it is called \`${secureSessionCookie}\`.`,
  });
  registry.registerComponent("securitySchemes", "nodeId", { type: "apiKey", in: "header", name: "X-Node-Id" });
  registry.registerComponent("securitySchemes", "nodeSecret", { type: "apiKey", in: "header", name: "X-Node-Secret" });
  registry.registerComponent("responses", "Problem", problemAnswer);
  for (const operation of operations) registry.registerPath(routeOf(operation));
  for (const { path, operation } of aliasRoutes(operations)) registry.registerPath(aliasOf(path, operation));
  const definitions = [...registry.definitions, { type: "schema" as const, schema: Problem }];
  return new OpenApiGeneratorV31(definitions, { sortComponents: "alphabetically" }).generateDocument({
    openapi: "3.1.0",
    info,
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })).concat(aliasGroup),
    servers: [{ url: "/" }],
  });
}

const security = { public: [], user: [{ bearer: [] }, { session: [] }], node: [{ nodeId: [], nodeSecret: [] }] };

const bytesContent = { "application/octet-stream": { schema: { type: "string", format: "binary" } } } as const;

function routeOf(operation: Operation): RouteConfig {
  const { name, method, path, summary, description, tag, auth, params, query, body } = operation;
  return {
    method,
    path,
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    security: security[auth],
    ...(operation.idempotent ? { parameters: [idempotencyKey] } : {}),
    request: {
      ...(params ? { params: params as z.ZodObject } : {}),
      ...(query ? { query: query as z.ZodObject } : {}),
      ...(operation.takesBytes ? { body: { required: true, content: bytesContent } } : {}),
      ...(body && !operation.takesBytes
        ? { body: { required: !body.safeParse({}).success, content: { "application/json": { schema: body } } } }
        : {}),
    },
    responses: { [operation.answer.status]: answerOf(operation), default: { $ref: "#/components/responses/Problem" } },
  };
}

const aliasTag = "GSP";
const aliasGroup = {
  name: aliasTag,
  description: "The paths of the GSP document, each the same as one of the others.",
};

/** A path of its own, so that whoever knows only the document finds and tries it here. */
function aliasOf(path: string, operation: Operation): RouteConfig {
  return {
    ...routeOf(operation),
    path,
    operationId: `${operation.name}Gsp`,
    tags: [aliasTag],
    description: `The same as \`${operation.method.toUpperCase()} ${operation.path}\`.`,
  };
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  schema: { type: "string" as const, maxLength: 255 },
  description: "Repeating a request with the same key and body has one effect and the same answer.",
};

function answerOf({ answer, summary }: Operation) {
  if (answer.schema === null) return { description: summary };
  const json = answer.schema && { "application/json": { schema: answer.schema } };
  const raw = answer.raw === undefined ? undefined : { [answer.raw]: { schema: { type: "string" as const } } };
  return { description: summary, content: { ...json, ...raw } };
}

const codes = (Object.keys(errorCatalog) as ErrorCode[]).map((code) => `\`${code}\` ${errorCatalog[code].status}`);

const problemAnswer = {
  description: `What went wrong. Codes: ${codes.join(", ")}.`,
  content: { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } },
};
